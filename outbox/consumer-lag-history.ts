import type { Database } from '../runtime/database.ts';
import { THIS_MINUTE } from './lag-history.ts';
import { runStatement } from './run-statement.ts';

/** What a consumer says of itself, or how late the heartbeats are on the whole way to it. */
export type LagFigure = 'consumer' | 'whole';

/** How far the consumer of a context is behind at one look; null is unknown. */
export interface ConsumerLagSample {
  readonly context: string;
  readonly figure: LagFigure;
  /** Milliseconds. */
  readonly ageMs: number | null;
}

/** The worst of what was seen in one minute. */
export interface ConsumerLagMinute extends ConsumerLagSample {
  /** Its beginning by the database's clock, in milliseconds since 1970. */
  readonly minute: number;
}

/**
 * Notes a look in the minute that the database's clock shows. Of several looks in a minute the greatest figure stands, and
 * unknown is greater than any: what was once not known in it stays so.
 */
export async function noteConsumerLag(
  database: Database,
  samples: readonly ConsumerLagSample[],
): Promise<void> {
  if (samples.length === 0) return;
  await runStatement(
    database,
    `INSERT INTO banyan_outbox_consumer_lag (minute, context, figure, worst_ms)
     VALUES ${samples.map(() => `(${THIS_MINUTE}, ?, ?, ?)`).join(', ')}
     ON DUPLICATE KEY UPDATE worst_ms = GREATEST(worst_ms, VALUES(worst_ms))`,
    samples.flatMap(({ context, figure, ageMs }) => [context, figure, ageMs]),
  );
}

/** The minutes that begin before `end` (milliseconds since 1970), `minutes` of them at most; those that nobody looked at are missing. */
export async function readConsumerLag(
  database: Database,
  { end, minutes }: { readonly end: number; readonly minutes: number },
  timeout = 5_000,
): Promise<ConsumerLagMinute[]> {
  interface Row {
    readonly minute: number | string;
    readonly context: string;
    readonly figure: LagFigure;
    readonly worst: number | string | null;
  }
  const { rows } = await runStatement<Row>(
    database,
    `SELECT UNIX_TIMESTAMP(minute) AS minute, context, figure, worst_ms AS worst
       FROM banyan_outbox_consumer_lag
      WHERE minute >= FROM_UNIXTIME(?) AND minute < FROM_UNIXTIME(?)
      ORDER BY minute, context, figure`,
    [end / 1_000 - minutes * 60, end / 1_000],
    timeout,
  );
  return rows.map(({ minute, context, figure, worst }) => ({
    ...{ minute: Number(minute) * 1_000, context, figure },
    ageMs: worst === null ? null : Number(worst),
  }));
}
