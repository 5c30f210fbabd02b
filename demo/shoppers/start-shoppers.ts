import { Agent } from 'node:http';
import { wait } from '../../runtime/wait.ts';
import { openBrowser } from './browser.ts';
import { openDiary, type Diary } from './diary.ts';
import { work } from './staff.ts';
import { createTally, type Tally } from './tally.ts';
import { visit, type Shopper } from './visit.ts';
import { startWatchers, type WatchTally } from './watchers.ts';

export interface ShoppersOptions {
  /** The gateway. */
  readonly url: string;
  /** Visits a second; a visit is three requests and sometimes an order. */
  readonly rate: number;
  /** Shoppers who come again and again. One visit in ten is by somebody new who never returns. */
  readonly regulars: number;
}

export interface Shoppers {
  readonly tally: Tally;
  readonly diary: Diary;
  readonly watched: WatchTally;
  /** Lets nobody in any more, and resolves when the last one has left. */
  stop(): Promise<void>;
}

const TICK = 50;
/** Most visits at once; a slower shop gets fewer visits, not a longer queue. */
const CROWD = 24;
const STAFF_PAUSE = 700;
/** Shoppers with a page open, and others who open one now and then. */
const STAYING = 24;
const COMING = 8;

/**
 * A steady stream of shoppers through the gateway, some who keep a page open, and one member of staff behind the
 * counter.
 */
export function startShoppers({ url, rate, regulars }: ShoppersOptions): Shoppers {
  const agent = new Agent({ keepAlive: true, maxSockets: CROWD + 1 });
  const tally = createTally();
  const diary = openDiary();
  const closing = new AbortController();
  const inside = new Set<Promise<void>>();
  const known: Shopper[] = [];
  let turn = 0;

  const newcomer = (): Shopper => ({
    browser: openBrowser({ agent, url, tally }),
    email: undefined,
    busy: false,
  });
  const next = (): Shopper => {
    if (known.length < regulars) return known[known.push(newcomer()) - 1]!;
    return Math.random() < 0.1 ? newcomer() : known[turn++ % known.length]!;
  };

  async function enter(shopper: Shopper): Promise<void> {
    shopper.busy = true;
    await visit(shopper, diary, { ordering: 0.06, cancelling: 0.25 });
    shopper.busy = false;
  }

  async function letIn(): Promise<void> {
    let due = 0;
    while (!closing.signal.aborted) {
      for (due += (rate * TICK) / 1_000; due >= 1; due -= 1) {
        const shopper = inside.size < CROWD ? next() : undefined;
        if (!shopper || shopper.busy) continue;
        const visiting = enter(shopper).finally(() => inside.delete(visiting));
        inside.add(visiting);
      }
      await wait(TICK, closing.signal);
    }
  }

  const letting = letIn();
  const staff = work(openBrowser({ agent, url, tally }), diary, STAFF_PAUSE, closing.signal);
  const watchers = startWatchers({
    url,
    tally,
    staying: STAYING,
    coming: COMING,
    signal: closing.signal,
  });
  return {
    tally,
    diary,
    watched: watchers.tally,
    async stop() {
      closing.abort();
      await Promise.all([letting, staff, watchers.ended, ...inside]);
      agent.destroy();
    },
  };
}
