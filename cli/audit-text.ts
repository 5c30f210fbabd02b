import type { CompletenessReport } from '../relay/index.ts';
import { formatAge } from './format-age.ts';
import { formatTable } from './format-table.ts';

const COUNTS = ['acknowledged', 'silent', 'skipped', 'discarded', 'erased', 'open', 'holes'] as const;

/** The audit as people read it: the verdict, the types over all windows, and every hole. */
export function auditText(report: CompletenessReport): string {
  const { verdict, beganAt, doneUntil, behindMs, waitsFor, windows, holes } = report;
  const reasons = [...new Set(windows.flatMap(({ why }) => why ?? []))];
  const verdicts = Map.groupBy(windows, (window) => window.verdict);
  return [
    `events: ${verdict}`,
    doneUntil === null
      ? 'the audit has not begun'
      : `looked at what was appended from ${beganAt} to ${doneUntil} (${formatAge(Math.max(0, behindMs ?? 0))} ago)`,
    ...(waitsFor === null ? [] : [`! the next window waits: ${waitsFor}`]),
    ...(windows.length === 0 ? ['no window of time has closed since'] : []),
    ...[...verdicts].map(([name, of]) => `windows ${name}: ${of.length}`),
    ...reasons.map((why) => `not provable: ${why}`),
    '',
    ...(windows.length === 0 ? [] : [types(windows)]),
    ...holes.map(
      ({ kind, foundAt, id, eventId, type, key, told }) =>
        `! ${kind}: ${key}${eventId === null ? '' : `, event ${eventId} (${type}, row ${id})`}: ${told}; found ${foundAt}`,
    ),
  ]
    .map((line) => `${line}\n`)
    .join('')
    .replace(/\n\n+$/, '\n');
}

function types(windows: CompletenessReport['windows']): string {
  const sums = new Map<string, { counts: number[]; provable: boolean }>();
  for (const window of windows)
    for (const [type, figures] of Object.entries(window.types)) {
      const sum = sums.get(type) ?? { counts: COUNTS.map(() => 0), provable: true };
      sums.set(type, {
        counts: COUNTS.map((count, index) => sum.counts[index]! + figures[count]),
        provable: sum.provable && figures.provable,
      });
    }
  return formatTable(
    ['type', ...COUNTS, ''],
    [...sums]
      .toSorted(([a], [b]) => (a < b ? -1 : 1))
      .map(([type, { counts, provable }]) => [
        type,
        ...counts.map(String),
        provable ? 'provable' : 'not provable',
      ]),
  );
}
