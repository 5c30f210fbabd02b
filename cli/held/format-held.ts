import {
  numbersBetween,
  type Gap,
  type InboxAuditEntry,
  type KnownNumber,
} from '../../consumer/operator/index.ts';
import { formatAge } from '../format-age.ts';
import { formatTable } from '../format-table.ts';
import { printable } from '../parked/format-parked.ts';

/** The numbers that a key waits for. */
export function missingOf({ handled, next }: Gap): string {
  return numbersBetween(BigInt(handled), BigInt(next));
}

/** Keys that wait, then events that are parked. */
export function formatHeld(gaps: readonly Gap[], known: readonly KnownNumber[]): string {
  if (gaps.length + known.length === 0) return 'nothing is held\n';
  const waiting = formatTable(
    ['application', 'key', 'missing', 'held', 'age'],
    gaps.map((gap) => [
      ...[gap.application, printable(gap.key), missingOf(gap), String(gap.held), formatAge(gap.ageMs)],
    ]),
  );
  const parked = formatTable(
    ['id', 'application', 'key', 'number', 'event', 'other event', 'type', 'state', 'age'],
    known.map(({ id, application, key, number, eventId, otherEventId, type, state, ageMs }) => [
      ...[String(id), application, printable(key), number, eventId, otherEventId ?? '?'],
      ...[printable(type), state, formatAge(ageMs)],
    ]),
  );
  return [
    ...(gaps.length > 0 ? [`waiting for numbers that have not come\n${waiting}`] : []),
    ...(known.length > 0 ? [`parked: their key has passed their number\n${parked}`] : []),
  ].join('\n');
}

/** The latest first. */
export function formatInboxAudit(entries: readonly InboxAuditEntry[]): string {
  if (entries.length === 0) return 'nothing has been done yet\n';
  return formatTable(
    ['at', 'who', 'what', 'application', 'key', 'which', 'why'],
    entries.map(({ at, actor, action, application, key, detail, reason }) => [
      ...[`${at.slice(0, 19).replace(' ', 'T')}Z`, printable(actor), action, application, printable(key)],
      ...[detail, printable(reason ?? '–')],
    ]),
  );
}
