import type { Database } from '../runtime/database.ts';
import { wait } from '../runtime/wait.ts';
import { runStatement } from './run-statement.ts';

/** Milliseconds between two looks. */
const EVERY = 100;

/**
 * Resolves when each relay that holds a lease has read what is written in the database now. A relay reads first and
 * shows its heartbeat then, so between its first heartbeat from now on and its second lies a reading. One whose leases
 * run out without a heartbeat sends nothing before it has read. Rejects when `signal` aborts, naming the silent ones.
 */
export async function relaysTold(database: Database, signal: AbortSignal): Promise<void> {
  const beats = new Map<string, { count: number; seen: string }>();
  for (let first = true; ; first = false) {
    const { rows } = await runStatement<{ relay: string; seen: string | null }>(
      database,
      `SELECT l.owner AS relay, MAX(r.seen_at) AS seen
         FROM banyan_outbox_lease l LEFT JOIN banyan_outbox_relay r ON r.relay = l.owner
        WHERE l.owner IS NOT NULL AND l.expires_at > CURRENT_TIMESTAMP(6) GROUP BY l.owner`,
    );
    for (const { relay, seen } of rows) {
      const known = beats.get(relay);
      // What the first look finds was shown before.
      const count = known === undefined ? (first ? 0 : 1) : known.count + (seen === known.seen ? 0 : 1);
      beats.set(relay, { count, seen: seen ?? '' });
    }
    const silent = rows.filter(({ relay }) => beats.get(relay)!.count < 2).map(({ relay }) => relay);
    if (silent.length === 0) return;
    await wait(EVERY, signal);
    if (signal.aborted) throw new Error(`no sign in time that these relays know: ${silent.join(', ')}`);
  }
}
