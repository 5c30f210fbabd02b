import type { Database } from '../../runtime/database.ts';
import { OUTCOME, RECEIPT } from '../receipt.ts';
import { runStatement } from '../run-statement.ts';

/** A row of the outbox as `banyan parked show` tells of it, data included; times are text in UTC. */
export interface ShownEvent {
  readonly id: number | string;
  readonly eventId: string;
  readonly source: string;
  readonly type: string;
  readonly key: string;
  readonly bucket: number;
  readonly state: string;
  readonly outcome: string | null;
  readonly kind: string | null;
  readonly reason: string | null;
  readonly occurredAt: string;
  readonly appendedAt: string;
  readonly parkedAt: string | null;
  readonly bytes: number;
  readonly data: string;
  readonly extensions: string | null;
}

/** An event that waits behind a parked one. */
export interface Successor {
  readonly id: number | string;
  readonly type: string;
  readonly state: 'pending' | 'parked';
}

/** One row, in whatever state; undefined when there is none. */
export async function readEvent(database: Database, id: number | string): Promise<ShownEvent | undefined> {
  const { rows } = await runStatement<ShownEvent>(
    database,
    `SELECT o.id, event_id AS eventId, source, type, partition_key AS \`key\`, bucket, state, ${OUTCOME} AS outcome,
            parked_kind AS kind, parked_reason AS reason, occurred_at AS occurredAt, appended_at AS appendedAt,
            parked_at AS parkedAt, bytes, data, extensions
       FROM banyan_outbox o ${RECEIPT} WHERE o.id = ?`,
    [id],
  );
  return rows[0];
}

/** The next events of its key that have not been sent, in their order, at most `limit`. */
export async function readSuccessors(
  database: Database,
  { id, key, bucket }: Pick<ShownEvent, 'id' | 'key' | 'bucket'>,
  limit: number,
): Promise<Successor[]> {
  const { rows } = await runStatement<Successor>(
    database,
    ['pending', 'parked']
      .map(
        (state) => `(SELECT id, type, state FROM banyan_outbox FORCE INDEX (banyan_outbox_state_bucket)
          WHERE state = '${state}' AND bucket = ? AND id > ? AND CAST(partition_key AS BINARY) = ? ORDER BY id LIMIT ?)`,
      )
      .join(' UNION ALL ') + ' ORDER BY id LIMIT ?',
    [bucket, id, Buffer.from(key), limit, bucket, id, Buffer.from(key), limit, limit],
  );
  return rows;
}
