import type { RulePlayed } from './play-rule.ts';

/** Each rule broke without it, and not with it. */
export const rulesHold = (played: readonly RulePlayed[]): boolean =>
  played.every(({ harm, control }) => harm !== undefined && control === undefined);

/** The table of docs/guarantees.md. */
export function rulesTable(played: readonly RulePlayed[]): string {
  const rows = played.map(({ rule, title, instead, harm, after, control }) => [
    `${rule}. ${title}`,
    instead,
    harm ?? 'NOTHING FOUND',
    `${(after / 1_000).toFixed(1)} s`,
    control ?? 'nothing',
  ]);
  const head = ['rule', 'without it, relays', 'found', 'after', 'found with it'];
  return [head, head.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}
