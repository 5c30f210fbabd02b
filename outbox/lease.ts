import type { Database } from '../runtime/database.ts';
import { runStatement } from './run-statement.ts';

/**
 * Who may send a bucket's events, and until when by the database's clock.
 *
 * The protocol: a relay renews its leases long before they expire, and sends only while a lease outlives the
 * request (by a clock of its own, read before the renewal was sent, so that it can only be early). A lease
 * is taken when it was given back, or when it expired more than `requestTimeout` ago: by then every request
 * of the old owner has ended. `epoch` grows by one at every change of owner, and settling names it. Each
 * verb is one conditional UPDATE that commits by itself; no lock outlives a statement, and two relays that
 * try for one bucket are told apart by the row's own lock. First deliveries are in order even when a clock
 * misbehaves (see claim-batch.ts); leases only keep late duplicates rare.
 *
 * Taking and renewing hold only while the outbox is bound to the relay's own map of streams, and read it
 * with a shared lock: READ COMMITTED alone would read it as it was before a change that commits meanwhile.
 */
export interface Lease {
  readonly bucket: number;
  readonly owner: string | null;
  readonly epoch: number;
  /** Milliseconds until it expires; negative when it has expired. */
  readonly remaining: number;
}

export interface LeaseTimes {
  /** How long a lease lasts unless renewed, in milliseconds. */
  readonly lease: number;
  /** How long a request of any relay may take, in milliseconds. */
  readonly requestTimeout: number;
}

/** On what terms leases are taken and renewed. */
export interface LeaseTerms extends LeaseTimes {
  /** The stream that the owner sends to. */
  readonly stream: string;
  /** The aggregate types that go to other streams, as `mapText` writes them. None unless given. */
  readonly aggregates?: string;
}

const BOUND = `EXISTS (SELECT 1 FROM banyan_outbox_stream WHERE id = 1 AND stream = ?
                          AND COALESCE(aggregates, '{}') = ? LOCK IN SHARE MODE)`;

/** All leases as they stand. */
export async function readLeases(database: Database, { lease }: LeaseTimes): Promise<Lease[]> {
  const { rows } = await runStatement<Lease>(
    database,
    `SELECT bucket, owner, epoch, TIMESTAMPDIFF(MICROSECOND, CURRENT_TIMESTAMP(6), expires_at) / 1000 AS remaining
       FROM banyan_outbox_lease ORDER BY bucket`,
    [],
    lease / 2,
  );
  return rows.map((row) => ({ ...row, remaining: Number(row.remaining) }));
}

/**
 * Renews every lease of `owner`, if the outbox is bound to its stream. One that expired and that nobody has
 * taken is renewed too.
 */
export async function renewLeases(
  database: Database,
  owner: string,
  { lease, stream, aggregates = '{}' }: LeaseTerms,
): Promise<void> {
  await runStatement(
    database,
    `UPDATE banyan_outbox_lease SET expires_at = CURRENT_TIMESTAMP(6) + INTERVAL ? MICROSECOND
      WHERE owner = ? AND ${BOUND}`,
    [lease * 1_000, owner, stream, aggregates],
    lease / 2,
  );
}

/**
 * Takes those of `buckets` that are free or whose old owner's last request has ended; none if the outbox is bound
 * to another stream. Returns how many.
 */
export async function takeLeases(
  database: Database,
  owner: string,
  buckets: readonly number[],
  { lease, requestTimeout, stream, aggregates = '{}' }: LeaseTerms,
): Promise<number> {
  const { affected } = await runStatement(
    database,
    `UPDATE banyan_outbox_lease
        SET owner = ?, epoch = epoch + 1, expires_at = CURRENT_TIMESTAMP(6) + INTERVAL ? MICROSECOND
      WHERE bucket IN (?)
        AND (owner IS NULL OR expires_at < CURRENT_TIMESTAMP(6) - INTERVAL ? MICROSECOND)
        AND ${BOUND}`,
    [owner, lease * 1_000, buckets, requestTimeout * 1_000, stream, aggregates],
    lease / 2,
  );
  return affected;
}

/** Gives leases back, for anybody to take at once: nothing of these buckets may be in flight any more. */
export async function releaseLeases(
  database: Database,
  owner: string,
  buckets: readonly number[],
  { lease }: LeaseTimes,
): Promise<void> {
  await runStatement(
    database,
    `UPDATE banyan_outbox_lease SET owner = NULL WHERE bucket IN (?) AND owner = ?`,
    [buckets, owner],
    lease / 2,
  );
}
