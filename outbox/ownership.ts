import type { Database } from '../runtime/database.ts';
import { runStatement } from './run-statement.ts';

/**
 * Whose an aggregate type's events are, where two outboxes share a stream: a monolith's and an extracted service's.
 * `awaited`: they will be this outbox's; until the other one has given them, its relay sends none of them. `given`:
 * they are the other's; what is still appended here is parked, for it would overtake. Any other type is this one's.
 */
export type OwnershipState = 'awaited' | 'given';

export interface Ownership {
  readonly aggregateType: string;
  readonly state: OwnershipState;
  /** The other outbox: host, port and database. */
  readonly peer: string;
  /** By the database's clock, in UTC. */
  readonly since: string;
}

/** The aggregate types that are not simply this outbox's own. */
export async function readOwnership(database: Database, timeout?: number): Promise<Ownership[]> {
  const { rows } = await runStatement<Ownership>(
    database,
    `SELECT aggregate_type AS aggregateType, state, peer, since
       FROM banyan_outbox_ownership ORDER BY aggregate_type`,
    [],
    timeout,
  );
  return rows;
}

/** Writes one state for all these types; one that a type has already stays as it is, with its time. */
export async function writeOwnership(
  database: Database,
  aggregateTypes: readonly string[],
  state: OwnershipState,
  peer: string,
): Promise<void> {
  await runStatement(
    database,
    `INSERT INTO banyan_outbox_ownership (aggregate_type, state, peer) VALUES ${aggregateTypes.map(() => '(?, ?, ?)').join(', ')}
     ON DUPLICATE KEY UPDATE
       since = IF(state = VALUES(state) AND peer = VALUES(peer), since, CURRENT_TIMESTAMP(6)),
       state = VALUES(state), peer = VALUES(peer)`,
    aggregateTypes.flatMap((type) => [type, state, peer]),
  );
}

/** These types are this outbox's own again. */
export async function clearOwnership(database: Database, aggregateTypes: readonly string[]): Promise<void> {
  await runStatement(database, 'DELETE FROM banyan_outbox_ownership WHERE aggregate_type IN (?)', [
    aggregateTypes,
  ]);
}
