import type { Database } from '../../runtime/database.ts';
import { RECEIPT, SEQUENCE_NUMBER, SETTLED_AT } from '../receipt.ts';
import { runStatement } from '../run-statement.ts';

/** What was sent of a key, or may have been, into one stream. Times are text in UTC. */
export interface SentOfKey {
  /** Null: the stream of its aggregate type. Another one has replays alone. */
  readonly stream: string | null;
  /** When Kinesis acknowledged the last one; null when none of these rows was. */
  readonly acknowledged: string | null;
  /**
   * Until when one may have been sent whose acknowledgement nobody has written down: now while it is pending, and when it was erased
   * if it was pending then. A relay that was killed may have sent it.
   */
  readonly unsure: string | null;
}

/** Into which streams the events of a key went, as far as the outbox still has their rows. Reads no data. */
export async function sentOfKey(database: Database, key: string): Promise<SentOfKey[]> {
  const { rows } = await runStatement<SentOfKey>(
    database,
    `SELECT o.stream, MAX(IF(${SEQUENCE_NUMBER} IS NULL, NULL, ${SETTLED_AT})) AS acknowledged,
            MAX(CASE WHEN o.state = 'pending' THEN CURRENT_TIMESTAMP(6) WHEN a.id IS NOT NULL THEN o.settled_at END) AS unsure
       FROM banyan_outbox o FORCE INDEX (banyan_outbox_state_bucket) ${RECEIPT}
       LEFT JOIN banyan_outbox_audit a ON a.action = 'erased' AND a.outbox_id = o.id AND a.detail = 'was pending'
      WHERE o.state IN ('pending', 'parked', 'settled') AND o.bucket = CRC32(?) MOD 64
        AND o.partition_key = ? AND CAST(o.partition_key AS BINARY) = ?
      GROUP BY o.stream`,
    [key, key, Buffer.from(key)],
    60_000,
  );
  return rows;
}
