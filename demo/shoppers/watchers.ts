import { WebSocket } from 'ws';
import { wait } from '../../runtime/wait.ts';
import { PRODUCTS } from '../shop/seed.ts';
import { fallbackIn, observe, type Tally } from './tally.ts';

export interface WatchersOptions {
  /** The gateway. */
  readonly url: string;
  readonly tally: Tally;
  /** How many leave a page open the whole time. */
  readonly staying: number;
  /** How many look at a page for a moment, again and again. */
  readonly coming: number;
  /** When it aborts, all of them leave. */
  readonly signal: AbortSignal;
}

/** What shoppers with a page open saw of its WebSocket. */
export interface WatchTally {
  /** By those who stay. */
  held: number;
  /** By those who come and go. */
  opened: number;
  /** Broken, though the shopper was still there. */
  readonly dropped: string[];
  messages: number;
}

/** Milliseconds for which those who come and go look. */
const GLANCE = 700;
/** Milliseconds before a page whose WebSocket broke opens another. */
const AGAIN = 1_000;

const QUERY = new URLSearchParams(PRODUCTS.map(([sku]): [string, string] => ['sku', sku]));

/** Shoppers who keep a page open, which shows the stock live. Ends when the last one has left. */
export function startWatchers(options: WatchersOptions): { tally: WatchTally; ended: Promise<unknown> } {
  const { staying, coming, signal } = options;
  const tally: WatchTally = { held: 0, opened: 0, dropped: [], messages: 0 };

  const stay = async (cohort: string): Promise<void> => {
    while (!signal.aborted) {
      tally.held += 1;
      const end = await look(options, tally, cohort, signal);
      if (end === undefined) return;
      tally.held -= 1;
      tally.dropped.push(end);
      await wait(AGAIN, signal);
    }
  };
  const comeAndGo = async (cohort: string): Promise<void> => {
    while (!signal.aborted) {
      tally.opened += 1;
      const end = await look(options, tally, cohort, AbortSignal.any([signal, AbortSignal.timeout(GLANCE)]));
      if (end !== undefined) tally.dropped.push(end);
      await wait(GLANCE * Math.random(), signal);
    }
  };
  const all = [
    ...Array.from({ length: staying }, (_, index) => stay(`stays-${index}`)),
    ...Array.from({ length: coming }, (_, index) => comeAndGo(`comes-${index}`)),
  ];
  return { tally, ended: Promise.all(all) };
}

/** Holds one WebSocket until `leaves` aborts; returns how it ended if that was before. */
function look(
  { url, tally: all }: WatchersOptions,
  tally: WatchTally,
  cohort: string,
  leaves: AbortSignal,
): Promise<string | undefined> {
  const began = performance.now();
  const { stage } = all;
  const socket = new WebSocket(`${url.replace(/^http/, 'ws')}/inventory/live?${QUERY}`, {
    headers: { cookie: `sid=${cohort}` },
    origin: url,
  });
  let side = '';
  let fallback: string | undefined;
  socket.on('upgrade', ({ headers }) => (fallback = fallbackIn(headers['server-timing'])));
  socket.on('message', (data) => {
    tally.messages += 1;
    if (side) return;
    side = (JSON.parse(String(data)) as { served_by: string }).served_by;
    observe(all, stage, {
      ...{ request: 'GET /inventory/live', result: 101, expected: true, read: { cohort, side, fallback } },
      milliseconds: performance.now() - began,
    });
  });
  const leave = () => socket.close(1000);
  leaves.addEventListener('abort', leave, { once: true });
  return new Promise((resolve) => {
    let why = '';
    socket.on('error', (error) => (why = error.message));
    socket.on('close', (code) => {
      leaves.removeEventListener('abort', leave);
      resolve(leaves.aborted ? undefined : `a WebSocket of ${cohort} to ${side || 'nobody'}: ${why || code}`);
    });
  });
}
