import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { keepQuiet } from './keep-quiet.ts';
import { guardOmitted, type Translate } from './row-change.ts';

/** The captures of `banyan.yaml`; only `translate`, the path of a module, and whether columns are `personal` matter here. */
export type TranslatedCaptures = Readonly<
  Record<
    string,
    { readonly translate?: string | undefined; readonly personal?: readonly string[] | undefined }
  >
>;

/**
 * Loads the module that each capture names in `translate:`, a path relative to `baseDirectory` (the folder of
 * `banyan.yaml`). The result finds a capture's translation by the capture's name; it returns undefined for a
 * capture without one, whose row events then reach the stream as they are. A translation that reads a column which
 * the event leaves out throws. Where columns are personal, nothing of what a translation says when it throws is kept.
 *
 * Throws one error that lists every module that can't be used, so that a relay never starts with half of them.
 */
export async function loadTranslations(
  captures: TranslatedCaptures,
  baseDirectory: string,
): Promise<(capture: string) => Translate | undefined> {
  const translations = new Map<string, Translate>();
  const problems: string[] = [];
  let cause: unknown;
  for (const [capture, { translate, personal = [] }] of Object.entries(captures)) {
    if (translate === undefined) continue;
    const file = resolve(baseDirectory, translate);
    try {
      const found: unknown = ((await import(pathToFileURL(file).href)) as Record<string, unknown>)[
        'translate'
      ];
      const guard = (one: Translate) =>
        personal.length > 0 ? keepQuiet(guardOmitted(one)) : guardOmitted(one);
      if (typeof found === 'function') translations.set(capture, guard(found as Translate));
      else problems.push(`captures.${capture}.translate: ${file} ${describe(found)}`);
    } catch (error) {
      cause ??= error;
      problems.push(`captures.${capture}.translate: ${file} can't be loaded: ${(error as Error).message}`);
    }
  }
  if (problems.length > 0) throw new Error(problems.join('\n'), { cause });
  return (capture) => translations.get(capture);
}

function describe(found: unknown): string {
  const what =
    found === undefined
      ? "has no export 'translate'"
      : `exports 'translate' as ${typeof found}, not a function`;
  return `${what}; required: export function translate(change, key)`;
}
