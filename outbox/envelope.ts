import { CORE_ATTRIBUTES, envelopeText, sequenceText } from './event.ts';

/** A row of `banyan_outbox` as the relay reads it, times as text in UTC (`2026-11-24 09:00:00.000001`). */
export interface OutboxRow {
  /** A number, or a string above 2^53. It is no sequence: ids don't become visible in commit order. */
  readonly id: number | string;
  readonly event_id: string;
  readonly source: string;
  readonly type: string;
  readonly aggregate_type: string;
  readonly aggregate_id: string;
  readonly partition_key: string;
  readonly bucket: number;
  readonly occurred_at: string;
  readonly data: string;
  readonly extensions: string | null;
  readonly appended_at: string;
  /** Within its key, from 1 on; null of aggregates that have no numbers. A string above 2^53. */
  readonly sequence?: number | string | null;
  /** The replay that it belongs to; null of an event that its writer appended. */
  readonly replay?: string | null;
}

/**
 * The CloudEvents 1.0 JSON text of a row. `data` is embedded byte for byte. An extension attribute that
 * CloudEvents doesn't allow, or that would replace a core attribute, is left out.
 * Throws when `data` isn't JSON, `extensions` isn't a JSON object or a time isn't one: such a row is parked.
 */
export function toCloudEvent(row: OutboxRow): string {
  // The column's CHECK has asked JSON_VALID already, but MariaDB's accepts some texts that no parser does.
  parse(row, 'data', row.data);
  return envelopeText({
    id: row.event_id,
    source: row.source,
    type: row.type,
    aggregateType: row.aggregate_type,
    aggregateId: row.aggregate_id,
    time: rfc3339(row, 'occurred_at'),
    recordedTime: rfc3339(row, 'appended_at'),
    extensions: extensionsOf(row),
    sequence: sequenceOf(row),
    data: row.data,
  });
}

function sequenceOf({ sequence }: OutboxRow): string | undefined {
  return sequence === undefined || sequence === null ? undefined : sequenceText(sequence);
}

function extensionsOf(row: OutboxRow): Record<string, string | number | boolean> {
  if (row.extensions === null) return {};
  const found = parse(row, 'extensions', row.extensions);
  if (typeof found !== 'object' || found === null || Array.isArray(found)) {
    throw new Error(`event ${row.event_id}: extensions is ${row.extensions}, it must be a JSON object`);
  }
  return Object.fromEntries(
    Object.entries(found).filter(
      ([name, value]) =>
        /^[a-z0-9]+$/.test(name) &&
        !CORE_ATTRIBUTES.has(name) &&
        ['string', 'number', 'boolean'].includes(typeof value),
    ),
  ) as Record<string, string | number | boolean>;
}

function parse(row: OutboxRow, column: string, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    // The parser's own message quotes what it has read, which may be personal; where it stopped is enough.
    const place = / at position \d+.*$/.exec((cause as Error).message)?.[0] ?? '';
    // oxlint-disable-next-line preserve-caught-error
    throw new Error(`event ${row.event_id}: ${column} isn't JSON${place}`);
  }
}

function rfc3339(row: OutboxRow, column: 'occurred_at' | 'appended_at'): string {
  const found = /^(\d{4}-\d\d-\d\d) (\d\d:\d\d:\d\d)(?:\.(\d{1,6}))?$/.exec(row[column]);
  if (!found) {
    throw new Error(
      `event ${row.event_id}: ${column} is '${String(row[column])}', it must be text such as 2026-11-24 09:00:00.000001 (UTC)`,
    );
  }
  return `${found[1]}T${found[2]}.${(found[3] ?? '').padEnd(6, '0')}Z`;
}
