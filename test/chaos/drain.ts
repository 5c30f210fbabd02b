import type { Database } from '../../runtime/database.ts';
import { wait } from '../../runtime/wait.ts';

/** Milliseconds after which the relays are taken to be stuck, when not one row more was settled. */
const STUCK_AFTER = 60_000;

/** Waits until no row is pending, or nothing moves any more. Returns how many are left. */
export async function drain(database: Database): Promise<number> {
  let [left, movedAt] = [Infinity, Date.now()];
  while (left > 0 && Date.now() - movedAt < STUCK_AFTER) {
    const before = left;
    left = await pending(database).catch(() => before);
    if (left < before) movedAt = Date.now();
    await wait(100);
  }
  return left;
}

async function pending(database: Database): Promise<number> {
  const [rows] = await database.query(
    `SELECT COUNT(*) AS pending FROM banyan_outbox WHERE state = 'pending'`,
  );
  return Number((rows as [{ pending: number }])[0].pending);
}
