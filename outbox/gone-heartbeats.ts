import type { Database } from '../runtime/database.ts';
import { HEARTBEAT, HEARTBEAT_AGGREGATE } from './event.ts';
import { runStatement } from './run-statement.ts';

/** A pending heartbeat that nobody will send. */
export interface GoneHeartbeat {
  readonly id: number | string;
  readonly eventId: string;
}

/** Most that one look finds. */
const MOST_FOUND = 500;

/**
 * Finds the pending heartbeats of a bucket that name a stream which is not among `known`; locks and changes nothing. Only
 * what `appendHeartbeats` wrote is found: an event that names such a stream waits until its stream is known again.
 *
 * The index alone says which rows may be meant. What it costs depends on what is pending in that one bucket.
 */
export async function findGoneHeartbeats(
  database: Database,
  bucket: number,
  known: readonly string[],
): Promise<GoneHeartbeat[]> {
  const { rows } = await runStatement<GoneHeartbeat>(
    database,
    `SELECT o.id, o.event_id AS eventId
       FROM (SELECT id FROM banyan_outbox FORCE INDEX (banyan_outbox_state_bucket)
              WHERE state = 'pending' AND bucket = ? AND stream NOT IN (?) AND partition_key LIKE ?
              ORDER BY id LIMIT ${MOST_FOUND}) f
       STRAIGHT_JOIN banyan_outbox o ON o.id = f.id
      WHERE o.type = ? AND o.aggregate_type = ? AND o.source = '/banyan' AND o.replay IS NULL`,
    [bucket, known, `${HEARTBEAT_AGGREGATE}:heartbeat-%`, HEARTBEAT, HEARTBEAT_AGGREGATE],
  );
  return rows;
}
