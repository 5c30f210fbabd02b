import { readRedrives } from '../../outbox/operator/redrives.ts';
import { readReplays } from '../../outbox/replay/replays.ts';
import type { Database } from '../../runtime/database.ts';

/** What somebody asked a job for, and how far it is. It stands in the database: Redis isn't needed to see it. */
export interface Order {
  readonly id: string;
  readonly job: 'replay' | 'redrive';
  readonly state: 'waiting' | 'active' | 'completed' | 'cancelled';
  readonly done: number;
  readonly total: number;
  readonly askedBy: string;
  /** RFC 3339. */
  readonly askedAt: string;
  /** What it waits for, or what is not as asked. */
  readonly note: string | null;
}

/** All that are not over, and the last ten that are; the latest first. */
export async function readOrders(database: Database): Promise<Order[]> {
  const replays = (await readReplays(database)).map(({ replay: id, ...one }): Order => ({
    id,
    job: 'replay',
    ...pick(one),
    note: one.note,
  }));
  const redrives = (await readRedrives(database)).map(({ redrive: id, held, ...one }): Order => ({
    ...{ id, job: 'redrive', ...pick(one) },
    note: held === 0 ? null : `${held} stay parked behind earlier events of their keys`,
  }));
  const all = [...replays, ...redrives].toSorted((a, b) => (a.askedAt < b.askedAt ? 1 : -1));
  const isOver = ({ state }: Order) => state === 'completed' || state === 'cancelled';
  const last = new Set(all.filter(isOver).slice(0, 10));
  return all.filter((order) => !isOver(order) || last.has(order));
}

function pick({ state, done, total, askedBy, askedAt }: Omit<Order, 'id' | 'job' | 'note'>) {
  return { state, done, total, askedBy, askedAt };
}
