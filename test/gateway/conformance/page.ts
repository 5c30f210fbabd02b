import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect } from 'vitest';

const PAGE = fileURLToPath(new URL('../../../docs/conformance.md', import.meta.url));

/**
 * Holds a section of docs/conformance.md against what a run has counted. With BANYAN_WRITE_CONFORMANCE set, the
 * section is written instead.
 */
export function holdSection(name: string, lines: readonly string[]): void {
  const page = readFileSync(PAGE, 'utf8');
  const [before, rest] = page.split(`<!-- ${name} -->`);
  const [section, after] = rest?.split(`<!-- /${name} -->`) ?? [];
  if (after === undefined) throw new Error(`docs/conformance.md has no section '${name}'`);
  const counted = lines.join('\n');
  if (process.env['BANYAN_WRITE_CONFORMANCE'])
    writeFileSync(PAGE, `${before}<!-- ${name} -->\n\n${counted}\n\n<!-- /${name} -->${after}`);
  else expect(plain(section!), 'docs/conformance.md says other than the run').toBe(plain(counted));
}

/** Without what a formatter may change. */
function plain(markdown: string): string {
  return markdown
    .replaceAll(/\|\s*:?-+:?(?=\s*\|)/g, '| --- ')
    .replaceAll(/\s+/g, ' ')
    .trim();
}

/** Failures with a reason, as data: what was seen in each run that fails on purpose, or that nobody has mended yet. */
export interface KnownFailures {
  readonly why: string;
  /** What each of these runs saw, by its name. */
  readonly saw: Readonly<Record<string, string>>;
}

export function allOf(known: readonly KnownFailures[]): Record<string, string> {
  return Object.assign({}, ...known.map(({ saw }) => saw)) as Record<string, string>;
}
