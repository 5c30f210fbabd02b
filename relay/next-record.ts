import { aggregate, aggregatedEventBytes, emptyAggregateBytes } from '../outbox/aggregated-record.ts';
import type { Prepared } from './prepare.ts';
import type { StreamLimits } from './publisher.ts';

/** Whether consecutive events of one key go to the stream in one record: never, or in the KPL's aggregated format. */
export type Aggregation = 'none' | 'same-key';

export interface RecordLimits extends StreamLimits {
  readonly aggregation: Aggregation;
}

/** How many of a key's first rows a record carries, and its bytes: data and key. */
export interface NextRecord {
  readonly rows: number;
  readonly bytes: number;
}

/** Most events of a record. All of them come again when its answer gets lost. */
export const MOST_PACKED = 256;
/** Most bytes of a packed record: a fourth of what a shard takes in a second. One event may have more. */
const MOST_BYTES = 262_144;

/**
 * The next record of a key: its first row, or as many rows from the first on as one record takes. Never past a row
 * that isn't to be sent, and never more than `most`. Undefined if the first row isn't to be sent. Pure.
 */
export function nextRecord(
  { key, rows, most = Infinity }: { key: string; rows: readonly Prepared[]; most?: number },
  { aggregation, recordBytes, requestBytes }: RecordLimits,
): NextRecord | undefined {
  const [first, second] = rows;
  if (first?.kind !== 'record') return undefined;
  const single = { rows: 1, bytes: first.bytes };
  if (aggregation === 'none' || second?.kind !== 'record' || most === 1) return single;
  const keyBytes = Buffer.byteLength(key);
  const limit = Math.min(MOST_BYTES, recordBytes, requestBytes);
  let [count, bytes] = [0, keyBytes + emptyAggregateBytes(keyBytes)];
  for (const row of rows.slice(0, Math.min(most, MOST_PACKED))) {
    if (row.kind !== 'record') break;
    const more = aggregatedEventBytes(row.data.byteLength);
    if (bytes + more > limit) break;
    count += 1;
    bytes += more;
  }
  return count > 1 ? { rows: count, bytes } : single;
}

/** The data of that record. */
export function recordData(key: string, rows: readonly Prepared[]): Uint8Array {
  const [first] = rows;
  if (rows.length === 1 && first?.kind === 'record') return first.data;
  return aggregate(
    key,
    rows.flatMap((row) => (row.kind === 'record' ? [row.data] : [])),
  );
}
