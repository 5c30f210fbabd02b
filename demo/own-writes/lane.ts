import { wait } from '../../runtime/wait.ts';
import { newSession, type Buyer, type Stock } from './buyer.ts';

/** What sessions saw. A read is stale that shows something older than what its own session had written before. */
export interface Seen {
  sessions: number;
  /** Sessions with at least one stale read at once after their write. */
  staleSessions: number;
  readonly examples: string[];
  /** Reads before the write, at once after it, and once `afterWrite` was over, and how many of each the service answered. */
  readonly before: Sides;
  readonly after: Sides;
  readonly late: Sides;
  /** Of the late ones. */
  staleLate: number;
}

interface Sides {
  reads: number;
  service: number;
}

export const nothingSeen = (): Seen => ({
  ...{ sessions: 0, staleSessions: 0, examples: [], staleLate: 0 },
  ...{ before: { reads: 0, service: 0 }, after: { reads: 0, service: 0 }, late: { reads: 0, service: 0 } },
});

export interface LaneOptions {
  readonly buyer: Buyer;
  readonly gateways: readonly string[];
  /** Nobody else writes to this plant: so what has to be read is known exactly. */
  readonly sku: string;
  readonly signal: AbortSignal;
}

/** One session after the other at one plant: look at it, write through one gateway, and read through both at once. */
export interface Lane {
  /** `late`: milliseconds after the write at which some look again. */
  session(seen: Seen, late: number): Promise<void>;
  /** Waits for those that look again. */
  settled(): Promise<void>;
}

/** Pieces of one delivery. */
const DELIVERY = 40;

export function openLane({ buyer, gateways, sku, signal }: LaneOptions, at: Stock): Lane {
  let { available } = at;
  /** Every price that it has had; each is new, so that its place tells how old a read is. */
  const prices = [at.price];
  const looking: Promise<void>[] = [];
  let turn = 0;

  const write = async (gateway: string, session: string): Promise<string> => {
    turn += 1;
    if (turn % 2 === 0) {
      const price = (Number(prices.at(-1)) + 0.01).toFixed(2);
      // Before the shop answers, those who look again may read it.
      prices.push(price);
      await buyer.post(gateway, session, `/admin/prices/${sku}`, { price });
      return `the price ${price}`;
    }
    if (available < 1) {
      const reason = 'delivery';
      await buyer.post(gateway, session, `/admin/stock/${sku}`, { delta: String(DELIVERY), reason });
      available += DELIVERY;
      return `a delivery of ${DELIVERY}`;
    }
    await buyer.post(gateway, session, '/cart', { sku, quantity: '1' });
    await buyer.post(gateway, session, '/orders', {});
    available -= 1;
    return 'an order of 1';
  };

  return {
    async session(seen, late) {
      const session = newSession();
      const [one, other] = Math.random() < 0.5 ? [gateways[0]!, gateways[1]!] : [gateways[1]!, gateways[0]!];
      count(seen.before, await buyer.read(other, session, sku));
      const wrote = await write(one, session);
      let stale = false;
      for (const gateway of [other, one]) {
        const read = await buyer.read(gateway, session, sku);
        count(seen.after, read);
        if (read.available === available && read.price === prices.at(-1)) continue;
        stale = true;
        if (seen.examples.length < 5)
          seen.examples.push(
            `${sku}, after ${wrote}: ${read.available} at ${read.price} of ${read.side}, and not ${available} at ${prices.at(-1)}`,
          );
      }
      seen.sessions += 1;
      if (stale) seen.staleSessions += 1;
      const own = prices.length - 1;
      // Those who changed the price: only of prices it is known which is older.
      if (turn % 2 === 0) looking.push(lookAgain(seen, late, other, session, own));
    },
    async settled() {
      await Promise.all(looking);
    },
  };

  async function lookAgain(
    seen: Seen,
    late: number,
    gateway: string,
    session: string,
    own: number,
  ): Promise<void> {
    await wait(late, signal);
    if (signal.aborted) return;
    const read = await buyer.read(gateway, session, sku);
    count(seen.late, read);
    if (prices.indexOf(read.price) >= own) return;
    seen.staleLate += 1;
    if (seen.examples.length < 5)
      seen.examples.push(`${sku}, ${late} ms after the price ${prices[own]}: ${read.price} of ${read.side}`);
  }
}

function count(sides: Sides, { side }: Stock): void {
  sides.reads += 1;
  if (side === 'inventory-service') sides.service += 1;
}
