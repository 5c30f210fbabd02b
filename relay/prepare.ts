import { toCloudEvent, type OutboxRow } from '../outbox/envelope.ts';
import { HEARTBEAT } from '../outbox/event.ts';
import type { Registry } from '../outbox/registry/registry.ts';
import type { Translate } from '../outbox/row-change.ts';
import { inNewestVersion, refusalOf } from './check-row.ts';
import type { StreamLimits } from './publisher.ts';
import { translateRow } from './translate-row.ts';

/** What the relay has to do with a row. */
export type Prepared = { readonly row: RowIdentity } & (
  | { readonly kind: 'record'; readonly data: Uint8Array; readonly bytes: number }
  /** It means nothing outside the monolith: settled without being sent. */
  | { readonly kind: 'silent' }
  /** It can never be sent: parked with the reason. */
  | {
      readonly kind: 'poison';
      readonly reason: string;
      /** Nothing is wrong with it, its type is paused: parked until the type is resumed. */
      readonly paused?: true;
    }
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
  try {
    const translated = translateRow(row, translate);
    return translated === undefined
      ? { row: identityOf(row), kind: 'silent' }
      : recordOf(row, translated, limits);
  } catch (error) {
    return poison(row, error);
  }
}

/** The same, and held against the registry: what a writer in SQL, PHP or Java sends is checked here first. */
export async function prepareChecked(
  row: OutboxRow,
  limits: StreamLimits,
  registry: Registry,
  translate?: (capture: string) => Translate | undefined,
): Promise<Prepared> {
  // No application declares it.
  if (row.type === HEARTBEAT) return prepare(row, limits);
  try {
    const translated = translateRow(row, translate);
    if (translated === undefined) return { row: identityOf(row), kind: 'silent' };
    const event = translated === row ? row : inNewestVersion(translated, registry);
    const record = recordOf(row, event, limits);
    if (record.kind !== 'record') return record;
    const refusal = await refusalOf(event, registry);
    return refusal === undefined ? record : poison(row, new Error(refusal));
  } catch (error) {
    return poison(row, error);
  }
}

function recordOf(row: OutboxRow, event: OutboxRow, limits: StreamLimits): Prepared {
  const fail = (reason: string) => poison(row, new Error(reason));
  const missing = (['event_id', 'source', 'type'] as const).filter((name) => event[name] === '');
  if (missing.length > 0) {
    return fail(`${missing.join(' and ')} must not be empty: consumers would pass the event over`);
  }
  const data = Buffer.from(toCloudEvent(event));
  const bytes = data.byteLength + Buffer.byteLength(row.partition_key);
  if (row.partition_key.length > limits.keyLength) {
    return fail(
      `the key has ${row.partition_key.length} characters, the stream takes ${limits.keyLength}: give the event up ` +
        '(`banyan parked skip`), and append it with a shorter key',
    );
  }
  if (bytes > limits.recordBytes) {
    return fail(
      `the record has ${bytes} bytes with its key, the stream takes ${limits.recordBytes}: raise the limit of the stream ` +
        '(up to 10 MiB) and a minute later redrive it, or give it up (`banyan parked skip`) and append a reference to the large part',
    );
  }
  return { row: identityOf(row), kind: 'record', data, bytes };
}

export function identityOf(row: OutboxRow): RowIdentity {
  return { id: row.id, type: row.type, key: row.partition_key, bucket: row.bucket };
}

function poison(row: OutboxRow, error: unknown): Prepared {
  const reason = error instanceof Error ? error.message : String(error);
  return { row: identityOf(row), kind: 'poison', reason };
}
