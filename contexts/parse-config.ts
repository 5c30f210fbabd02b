import { LineCounter, parseDocument, visit, type Alias, type Document, type Node } from 'yaml';
import { configSchema, type Config } from './config.ts';
import { crossChecks } from './cross-checks.ts';
import { describeIssue, flattenIssues } from './describe-issue.ts';
import { findOffset } from './locate.ts';
import { warningsOf } from './warnings.ts';
import { valueAt } from './written.ts';

/** One mistake in `banyan.yaml`: where it is and what is required there. Lines and columns count from 1. */
export interface Mistake {
  readonly line: number;
  readonly column: number;
  /** `contexts.inventory.routes.0`; empty for the whole file. */
  readonly path: string;
  readonly message: string;
}

export type ParsedConfig =
  | {
      readonly ok: true;
      readonly config: Config;
      /** What is allowed and seldom meant. */
      readonly warnings: readonly Mistake[];
    }
  | { readonly ok: false; readonly mistakes: readonly Mistake[] };

/**
 * Reads the text of `banyan.yaml`. All mistakes come back at once, each with its line.
 *
 * `secrets` fills in `${VAR}` and `${file:/path}`; it returns undefined for what isn't there, which is a
 * mistake too. Filling in happens per string value, after YAML is parsed, so a secret can't change the structure.
 */
export function parseConfig(text: string, secrets: (reference: string) => string | undefined): ParsedConfig {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
  const at = (offset: number, path: string, message: string): Mistake => {
    const { line, col } = lines.linePos(offset);
    return { line: Math.max(line, 1), column: Math.max(col, 1), path, message };
  };
  if (document.errors.length > 0) {
    return { ok: false, mistakes: document.errors.map((error) => at(error.pos[0], '', error.message)) };
  }

  const wrong = wrongAliases(document);
  if (wrong.length > 0) {
    return { ok: false, mistakes: wrong.map(({ offset, message }) => at(offset, '', message)) };
  }
  let written: unknown;
  try {
    written = document.toJS() ?? {};
  } catch (error) {
    // The library's limit on aliases of aliases, which could fill the memory.
    return { ok: false, mistakes: [at(0, '', (error as Error).message)] };
  }

  const mistakes: Mistake[] = [];
  const offsetOf = (path: readonly PropertyKey[]) => findOffset(document.contents as Node | null, path);
  const fill = (value: unknown, path: readonly PropertyKey[]): unknown => {
    if (typeof value === 'string') {
      return value.replaceAll(/\$\{([^}]+)\}/g, (whole, reference: string) => {
        const found = secrets(reference);
        if (found === undefined) {
          mistakes.push(
            at(offsetOf(path), path.join('.'), `${whole} is not set; set it, or write the value itself`),
          );
        }
        return found ?? whole;
      });
    }
    if (Array.isArray(value)) return value.map((item, index) => fill(item, [...path, index]));
    if (value !== null && typeof value === 'object') {
      return Object.fromEntries(
        Object.entries(value).map(([key, item]) => {
          // JavaScript's own word: an entry of this name would be lost without a trace.
          if (key === '__proto__')
            mistakes.push(at(offsetOf([...path, key]), [...path, key].join('.'), PROTO));
          return [key, fill(item, [...path, key])];
        }),
      );
    }
    return value;
  };

  const filled = fill(written, []);
  const unset = new Set(mistakes.map((mistake) => mistake.path));
  const result = configSchema.safeParse(filled);
  for (const issue of result.success ? [] : flattenIssues(result.error.issues)) {
    const path = issue.path.join('.');
    if (!unset.has(path))
      mistakes.push(at(offsetOf(issue.path), path, describeIssue(issue, valueAt(written, issue.path))));
  }
  const lineOf = (path: readonly PropertyKey[]) => at(offsetOf(path), '', '').line;
  for (const { path, message } of crossChecks(filled, written, lineOf)) {
    mistakes.push(at(offsetOf(path), path.join('.'), message));
  }
  if (mistakes.length > 0 || !result.success) {
    return { ok: false, mistakes: mistakes.toSorted((a, b) => a.line - b.line || a.column - b.column) };
  }
  const warnings = warningsOf(result.data).map(({ path, message }) =>
    at(offsetOf(path), path.join('.'), message),
  );
  return { ok: true, config: result.data, warnings: warnings.toSorted((a, b) => a.line - b.line) };
}

/** Aliases (`*name`) that stand for nothing, or for something that they are in themselves. */
function wrongAliases(document: Document): { offset: number; message: string }[] {
  const found: { offset: number; message: string }[] = [];
  visit(document, {
    Alias(_key, alias: Alias, path) {
      const named = alias.resolve(document);
      const offset = alias.range?.[0] ?? 0;
      if (named === undefined)
        found.push({
          offset,
          message: `*${alias.source} stands for nothing; put &${alias.source} before what it stands for, above it`,
        });
      else if (path.includes(named))
        found.push({ offset, message: `*${alias.source} stands inside of what it stands for` });
    },
  });
  return found;
}

const PROTO = "the name '__proto__' is not possible; rename it";
