import type { AuditEntry, ParkedEvent } from '../../outbox/operator/index.ts';
import { formatAge } from '../format-age.ts';
import { formatTable } from '../format-table.ts';
import { countOf, describeRadius, type BlastRadius } from './blast-radius.ts';

/** Characters of a reason in a table; `show` has all of it. */
const REASON = 120;

/** A row for each event, in id order, and what they hold up together. */
export function formatParked(
  events: readonly ParkedEvent[],
  { radius, shown }: { readonly radius: BlastRadius; readonly shown: number },
): string {
  const parked = events.filter(({ state }) => state === 'parked');
  const skipped = events.length - parked.length;
  const told = new Set<string>();
  const rows = events.slice(0, shown).map((event) => {
    const first = event.state === 'parked' && !told.has(event.key) && told.add(event.key);
    const waiting = first ? radius.waiting.get(event.key) : undefined;
    return [
      ...[String(event.id), printable(event.key), printable(event.type), event.state],
      ...[event.kind ?? '?', formatAge(event.ageMs)],
      waiting ? `${waiting.events}${waiting.atLeast ? '+' : ''}` : '–',
      cut(printable(event.reason ?? '?')),
    ];
  });
  const heads = ['id', 'key', 'type', 'state', 'kind', 'age', 'waiting', 'reason'];
  const more = events.length - rows.length;
  return [
    events.length === 0 ? '' : `${formatTable(heads, rows)}`,
    more > 0 ? `and ${more} more; --limit shows them\n` : '',
    `parked: ${parked.length === 0 ? 'none' : `${countOf(parked.length, 'event')} of ${describeRadius(radius)}`}\n`,
    skipped > 0 ? `skipped: ${countOf(skipped, 'event')}, whose keys have gone on\n` : '',
  ].join('');
}

/** The latest first. */
export function formatAudit(entries: readonly AuditEntry[]): string {
  if (entries.length === 0) return 'nothing has been done yet\n';
  return formatTable(
    ['at', 'who', 'what', 'id', 'key', 'type', 'why', 'before'],
    entries.map(({ at, actor, action, event, eventId, key, type, reason, detail }) => [
      ...[`${at.slice(0, 19).replace(' ', 'T')}Z`, printable(actor), action],
      Number(event) === 0 ? printable(eventId) : String(event),
      ...[printable(key), printable(type), printable(reason ?? '–'), detail ?? '–'],
    ]),
  );
}

/** What comes from events must not move the terminal's cursor. */
export function printable(text: string): string {
  return text.replaceAll(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, '�');
}

function cut(text: string): string {
  return text.length <= REASON ? text : `${text.slice(0, REASON)}…`;
}
