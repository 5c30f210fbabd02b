import { readFileSync } from 'node:fs';

export interface DocumentedRule {
  readonly name: string;
  readonly instead: string;
  readonly found: string;
  /** How soon on each database, `1.1 s`. */
  readonly after: readonly string[];
  readonly control: string;
}

/** The rows of the table in docs/guarantees.md. */
export function documentedRules(): DocumentedRule[] {
  const docs = readFileSync(new URL('../../../docs/guarantees.md', import.meta.url), 'utf8');
  const [, section = ''] = docs.split('\n## What each rule is for\n');
  const rows = section.split('\n## ')[0]!.match(/^\| \d+\. .*$/gm) ?? [];
  return rows.map((row) => {
    const [name, instead, found, ...rest] = row
      .split('|')
      .slice(1, -1)
      .map((cell) => cell.trim()) as [string, string, string, ...string[]];
    return { name, instead, found, after: rest.slice(0, -1), control: rest.at(-1)! };
  });
}
