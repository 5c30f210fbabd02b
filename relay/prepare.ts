import { toCloudEvent, type OutboxRow } from '../outbox/envelope.ts';
import type { Translate } from '../outbox/row-change.ts';
import type { StreamLimits } from './publisher.ts';
import { translateRow } from './translate-row.ts';

/** What the relay has to do with a row. */
export type Prepared = { readonly row: RowIdentity } & (
  | { readonly kind: 'record'; readonly data: Uint8Array; readonly bytes: number }
  /** It means nothing outside the monolith: settled without being sent. */
  | { readonly kind: 'silent' }
  /** It can never be sent: parked with the reason. */
  | { readonly kind: 'poison'; readonly reason: string }
);

export interface RowIdentity {
  readonly id: number | string;
  /** As appended; a translated event counts under the type of its row. */
  readonly type: string;
  readonly key: string;
  readonly bucket: number;
}

/** Turns a row into what goes to the stream: translated if it is a row change with a translation, in its envelope. */
export function prepare(
  row: OutboxRow,
  limits: StreamLimits,
  translate?: (capture: string) => Translate | undefined,
): Prepared {
  const identity = { id: row.id, type: row.type, key: row.partition_key, bucket: row.bucket };
  const poison = (reason: string): Prepared => ({ row: identity, kind: 'poison', reason });
  try {
    const translated = translateRow(row, translate);
    if (translated === undefined) return { row: identity, kind: 'silent' };
    const missing = (['event_id', 'source', 'type'] as const).filter((name) => translated[name] === '');
    if (missing.length > 0) {
      return poison(`${missing.join(' and ')} must not be empty: consumers would pass the event over`);
    }
    const data = Buffer.from(toCloudEvent(translated));
    const bytes = data.byteLength + Buffer.byteLength(row.partition_key);
    if (row.partition_key.length > limits.keyLength) {
      return poison(
        `the key has ${row.partition_key.length} characters, the stream takes ${limits.keyLength}`,
      );
    }
    if (bytes > limits.recordBytes) {
      return poison(`the record has ${bytes} bytes with its key, the stream takes ${limits.recordBytes}`);
    }
    return { row: identity, kind: 'record', data, bytes };
  } catch (error) {
    return poison(error instanceof Error ? error.message : String(error));
  }
}
