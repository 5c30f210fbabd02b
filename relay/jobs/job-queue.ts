import { createHash } from 'node:crypto';
import { runStatement } from '../../outbox/run-statement.ts';
import type { Database } from '../../runtime/database.ts';

/** The jobs of an outbox. Each has a queue of its own, so that a long run of one holds up no other. */
export const JOBS = ['purge', 'audit', 'replay', 'redrive', 'lag-history'] as const;
export type JobName = (typeof JOBS)[number];

/** One queue per outbox and job, so that several outboxes can share a Redis. */
export async function queueName(database: Database, job: JobName, timeout?: number): Promise<string> {
  const { rows } = await runStatement<{ name: string }>(
    database,
    `SELECT CONCAT(@@hostname, ' ', @@port, ' ', DATABASE()) AS name`,
    [],
    timeout,
  );
  const outbox = createHash('sha256').update(rows[0]?.name ?? '');
  return `banyan-${job}-${outbox.digest('hex').slice(0, 16)}`;
}
