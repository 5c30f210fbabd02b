import type { Database } from '../../runtime/database.ts';
import { HEARTBEAT } from '../event.ts';
import { OUTCOME, RECEIPT, SEQUENCE_NUMBER, SETTLED_EPOCH, SHARD_ID } from '../receipt.ts';
import { runStatement } from '../run-statement.ts';
import { endingOf, type AuditedRow } from './row-ending.ts';

/** A row that was pending or parked when the audit saw it. */
export interface OpenRow {
  readonly id: number | string;
  readonly event_id: string;
  readonly type: string;
  readonly partition_key: string;
  /** The window that it belongs to, in milliseconds since 1970; null when that isn't closed yet. */
  readonly window_from: number | null;
}

/** Most rows that are remembered. */
export const MOST_OPEN = 10_000;
const PAGE = 500;

/** Remembers rows that are pending or parked; heartbeats aside, which a relay deletes soon. */
export async function rememberOpen(database: Database, found: readonly OpenRow[]): Promise<void> {
  const rows = found.filter(({ type }) => type !== HEARTBEAT);
  for (let from = 0; from < rows.length; from += PAGE) {
    const page = rows.slice(from, from + PAGE);
    await runStatement(
      database,
      `INSERT INTO banyan_outbox_completeness_open (id, event_id, type, partition_key, window_from)
       VALUES ${page.map(({ window_from: at }) => `(?, ?, ?, ?, ${at === null ? 'NULL' : 'FROM_UNIXTIME(? / 1000)'})`).join(', ')}
           ON DUPLICATE KEY UPDATE window_from = COALESCE(VALUES(window_from), window_from)`,
      page.flatMap((row) => [
        row.id,
        row.event_id,
        row.type,
        row.partition_key,
        ...(row.window_from === null ? [] : [row.window_from]),
      ]),
    );
  }
}

/** Remembers some of the rows that are pending or parked now, so that one that vanishes can be named. */
export async function rememberPending(database: Database): Promise<void> {
  for (const state of ['pending', 'parked']) {
    const { rows } = await runStatement<OpenRow>(
      database,
      `SELECT id, event_id, type, partition_key, NULL AS window_from
         FROM banyan_outbox FORCE INDEX (banyan_outbox_state_bucket) WHERE state = ? AND type <> ? LIMIT ${PAGE}`,
      [state, HEARTBEAT],
    );
    await rememberOpen(database, rows);
  }
}

/** How a remembered row is now: `gone` when it isn't there any more. */
export interface OpenNow extends OpenRow {
  readonly now: ReturnType<typeof endingOf> | { readonly kind: 'gone' };
  readonly seen_at: string;
  /** Milliseconds since it was seen. */
  readonly ago: number;
}

type Joined = AuditedRow &
  OpenRow & { readonly seen_at: string; readonly ago: number; readonly there: number | string | null };

/** Yields the remembered rows as they are now, page by page. */
export async function* readOpen(database: Database): AsyncGenerator<readonly OpenNow[]> {
  for (let after: number | string = 0; ;) {
    const { rows }: { rows: Joined[] } = await runStatement<Joined>(
      database,
      `SELECT a.id, a.event_id, a.type, a.partition_key, UNIX_TIMESTAMP(a.window_from) * 1000 AS window_from, a.seen_at,
              TIMESTAMPDIFF(MICROSECOND, a.seen_at, SYSDATE(6)) / 1000 AS ago, o.id AS there, o.state,
              ${OUTCOME} AS outcome, ${SETTLED_EPOCH} AS settled_epoch, l.epoch, ${SHARD_ID} AS shard_id,
              ${SEQUENCE_NUMBER} AS sequence_number, o.parked_reason, o.sequence, o.replay
         FROM banyan_outbox_completeness_open a
         LEFT JOIN banyan_outbox o ON o.id = a.id AND o.event_id = a.event_id
         ${RECEIPT}
         LEFT JOIN banyan_outbox_lease l ON l.bucket = o.bucket
        WHERE a.id > ? ORDER BY a.id LIMIT ${PAGE}`,
      [after],
    );
    yield rows.map((row) => ({
      id: row.id,
      event_id: row.event_id,
      type: row.type,
      partition_key: row.partition_key,
      window_from: row.window_from === null ? null : Number(row.window_from),
      seen_at: row.seen_at,
      ago: Number(row.ago),
      now: row.there === null ? ({ kind: 'gone' } as const) : endingOf(row),
    }));
    if (rows.length < PAGE) return;
    after = rows.at(-1)!.id;
  }
}

export async function forgetOpen(database: Database, ids: readonly (number | string)[]): Promise<void> {
  if (ids.length === 0) return;
  await runStatement(database, 'DELETE FROM banyan_outbox_completeness_open WHERE id IN (?)', [ids]);
}
