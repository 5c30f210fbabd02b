import type { Overlap, Pause } from '../../outbox/index.ts';
import { formatTable } from '../format-table.ts';
import type { ListedType } from './list-types.ts';

/** A line for each type, and under them why the paused ones are. */
export function formatTypes(types: readonly ListedType[]): string {
  if (types.length === 0) return 'no type is declared (`registry:` names no module), and none is paused\n';
  const heads = ['type', 'aggregate', 'versions', 'ordered', 'on poison', 'state', 'keys waiting'];
  const rows = types.map(({ type, aggregate, versions, ordered, onPoison, paused, waiting }) => [
    type,
    aggregate ?? 'not declared',
    versions.join(', ') || '–',
    ordered ?? 'by lock',
    onPoison,
    paused ? 'PAUSED' : 'sent',
    String(waiting),
  ]);
  const reasons = types.flatMap(({ type, paused }) =>
    paused ? [`${type}: paused since ${paused.at} by ${paused.by}: ${paused.reason}\n`] : [],
  );
  return formatTable(heads, rows) + reasons.join('');
}

export function formatHistory(pauses: readonly Pause[]): string {
  if (pauses.length === 0) return 'no type was ever paused\n';
  return formatTable(
    ['type', 'paused (UTC)', 'by', 'resumed (UTC)', 'by', 'reason'],
    pauses.map((pause) => [
      pause.type,
      pause.paused_at,
      pause.paused_by,
      pause.resumed_at ?? 'no',
      pause.resumed_by ?? '–',
      pause.reason,
    ]),
  );
}

export function formatOverlaps(overlaps: readonly Overlap[]): string {
  if (overlaps.length === 0)
    return 'no relay has seen events of a key appended by overlapping transactions\n';
  const rows = overlaps.map(({ key, type, earlier, later, times, seen_at }) => [
    ...[key, type, String(earlier), String(later), String(times)],
    seen_at,
  ]);
  return (
    formatTable(['key', 'type', 'came late', 'after', 'times', 'last seen (UTC)'], rows) +
    'Lock the aggregate before appending, or declare it `ordered: sequence`: docs/outbox.md, "Order"\n'
  );
}
