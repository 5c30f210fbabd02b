import type { Database } from '../runtime/database.ts';
import { wait } from '../runtime/wait.ts';
import { runStatement } from './run-statement.ts';

/** How long a minute is kept. Milliseconds, 7 days. */
export const LAG_HISTORY_KEPT = 7 * 86_400_000;

/** The lag of a context at one look; null is unknown. */
export interface ContextSample {
  /** Empty: of the events that belong to none. */
  readonly context: string;
  readonly pending: number | null;
  /** Age of the oldest pending event in milliseconds, 0 without one. */
  readonly oldestAgeMs: number | null;
  readonly parked: number | null;
}

/** What is known of a context in one minute: the worst of what was seen in it. */
export interface MinuteSample extends ContextSample {
  /** Its beginning by the database's clock, in milliseconds since 1970. */
  readonly minute: number;
}

/** The minute that the database's clock shows, as SQL. */
export const THIS_MINUTE = 'FROM_UNIXTIME(FLOOR(UNIX_TIMESTAMP(CURRENT_TIMESTAMP(6)) / 60) * 60)';

/**
 * Notes a look at the lag in the minute that the database's clock shows. Of several looks in a minute the greatest figure
 * stands, and unknown is greater than any: what was once not known in it stays so.
 */
export async function noteLag(database: Database, samples: readonly ContextSample[]): Promise<void> {
  const worst = (column: string) => `${column} = GREATEST(${column}, VALUES(${column}))`;
  await runStatement(
    database,
    `INSERT INTO banyan_outbox_lag_history (minute, context, pending, oldest_ms, parked)
     VALUES ${samples.map(() => `(${THIS_MINUTE}, ?, ?, ?, ?)`).join(', ')}
     ON DUPLICATE KEY UPDATE ${['pending', 'oldest_ms', 'parked'].map(worst).join(', ')}`,
    samples.flatMap(({ context, pending, oldestAgeMs, parked }) => [context, pending, oldestAgeMs, parked]),
  );
}

/** The last `minutes` whole minutes, oldest first, and where they end: the beginning of the current one, in milliseconds since 1970. */
export async function readLagHistory(
  database: Database,
  minutes: number,
  timeout = 5_000,
): Promise<{ readonly end: number; readonly samples: readonly MinuteSample[] }> {
  interface Row {
    readonly minute: number | string;
    readonly context: string | null;
    readonly pending: number | null;
    readonly oldest: number | string | null;
    readonly parked: number | null;
    readonly ends: number | string;
  }
  // The outer join gives the time even when there is no row.
  const { rows } = await runStatement<Row>(
    database,
    `SELECT UNIX_TIMESTAMP(h.minute) AS minute, h.context, h.pending, h.oldest_ms AS oldest, h.parked,
            UNIX_TIMESTAMP(t.ends) AS ends
       FROM (SELECT ${THIS_MINUTE} AS ends) t
       LEFT JOIN banyan_outbox_lag_history h ON h.minute >= t.ends - INTERVAL ? MINUTE AND h.minute < t.ends
      ORDER BY h.minute, h.context`,
    [minutes],
    timeout,
  );
  const samples = rows.flatMap(({ minute, context, pending, oldest, parked }) =>
    context === null
      ? []
      : [
          {
            ...{ minute: Number(minute) * 1_000, context, pending, parked },
            oldestAgeMs: oldest === null ? null : Number(oldest),
          },
        ],
  );
  return { end: Number(rows[0]!.ends) * 1_000, samples };
}

/** Rows of one statement. */
const PAGE = 500;

/** A table with a row for each minute and context. */
type MinuteTable = 'banyan_outbox_lag_history' | 'banyan_outbox_consumer_lag';

/** Deletes minutes older than `keep` milliseconds in small statements, resting as long as each took. Returns how many rows. */
export async function forgetLag(
  database: Database,
  {
    keep = LAG_HISTORY_KEPT,
    from = 'banyan_outbox_lag_history',
    stop,
  }: { readonly keep?: number; readonly from?: MinuteTable; readonly stop: AbortSignal },
): Promise<number> {
  let deleted = 0;
  for (let page = PAGE; page === PAGE && !stop.aborted;) {
    const began = performance.now();
    const { affected } = await runStatement(
      database,
      `DELETE FROM ${from} WHERE minute < CURRENT_TIMESTAMP(6) - INTERVAL ? MICROSECOND
        ORDER BY minute, context LIMIT ${PAGE}`,
      [keep * 1_000],
    );
    page = affected;
    deleted += affected;
    if (page === PAGE) await wait(Math.max(5, performance.now() - began), stop);
  }
  return deleted;
}
