import type { Database } from '../runtime/database.ts';
import { appendedAt, CLOCKS } from './appended-at.ts';
import { runStatement } from './run-statement.ts';

const PAGE = 1_000;
/** Rows are appended nearly in id order: what a transaction appended may be so much older than its neighbours. */
const SLACK_SECONDS = 3_600;

interface Looked {
  readonly id: number | string;
  readonly sent: number | null;
  readonly ended: number;
}

/**
 * How many events of these types, awaited here, were settled although they were appended after that was said. Reads
 * backwards by primary key from the newest row, no further than an hour before.
 */
export async function sentSince(database: Database, aggregateTypes: readonly string[]): Promise<number> {
  let sent = 0;
  for (let before: number | string = '18446744073709551615'; ;) {
    const { rows }: { rows: Looked[] } = await runStatement<Looked>(
      database,
      `SELECT o.id, o.state = 'settled' AND ${appendedAt('o')} >= w.since AS sent,
              ${appendedAt('o')} < f.begun - INTERVAL ${SLACK_SECONDS} SECOND AS ended
         FROM banyan_outbox o JOIN ${CLOCKS}
         JOIN (SELECT MIN(since) AS begun FROM banyan_outbox_ownership WHERE aggregate_type IN (?)) f
         LEFT JOIN banyan_outbox_ownership w ON w.aggregate_type = o.aggregate_type AND w.aggregate_type IN (?)
        WHERE o.id < ? ORDER BY o.id DESC LIMIT ${PAGE}`,
      [aggregateTypes, aggregateTypes, before],
    );
    sent += rows.filter((row) => row.sent === 1).length;
    const last = rows.at(-1);
    if (last === undefined || rows.length < PAGE || last.ended === 1) return sent;
    before = last.id;
  }
}
