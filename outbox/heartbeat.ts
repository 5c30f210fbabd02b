import type { Database } from '../runtime/database.ts';
import { deleteSettled } from './delete-settled.ts';
import { HEARTBEAT, HEARTBEAT_AGGREGATE } from './event.ts';
import { runStatement } from './run-statement.ts';

/** A heartbeat to append: an event of the aggregate type `banyan`. */
export interface Heartbeat {
  readonly eventId: string;
  /** The aggregate's id; with it the key goes to a chosen bucket and shard. */
  readonly aggregateId: string;
  readonly bucket: number;
  /** The further stream that it goes to; the one of the aggregate type `banyan` unless given. */
  readonly stream?: string | undefined;
}

/**
 * Appends heartbeats in one statement that commits by itself, with the name of this outbox's database. From here on
 * they go the way of every event.
 */
export async function appendHeartbeats(database: Database, beats: readonly Heartbeat[]): Promise<void> {
  if (beats.length === 0) return;
  const places = beats.map(
    () => `(?, '/banyan', ?, ?, ?, JSON_OBJECT('outbox', DATABASE(), 'bucket', ?), ?)`,
  );
  await runStatement(
    database,
    `INSERT INTO banyan_outbox (event_id, source, type, aggregate_type, aggregate_id, data, stream) VALUES ${places.join(', ')}`,
    beats.flatMap(({ eventId, aggregateId, bucket, stream = null }) => [
      eventId,
      HEARTBEAT,
      HEARTBEAT_AGGREGATE,
      aggregateId,
      bucket,
      stream,
    ]),
  );
}

/** Deletes those of the heartbeats that are settled, long before the retention of events: they tell nothing any more. */
export async function deleteHeartbeats(database: Database, eventIds: readonly string[]): Promise<void> {
  if (eventIds.length === 0) return;
  const { rows } = await runStatement<{ id: number | string }>(
    database,
    `SELECT o.id FROM (SELECT ? AS event_id ${'UNION ALL SELECT ? '.repeat(eventIds.length - 1)}) v
       STRAIGHT_JOIN banyan_outbox o ON o.event_id = CONVERT(v.event_id USING ascii) COLLATE ascii_bin
      WHERE o.state = 'settled' AND o.type = ?`,
    [...eventIds, HEARTBEAT],
  );
  await deleteSettled(
    database,
    rows.map(({ id }) => id),
  );
}
