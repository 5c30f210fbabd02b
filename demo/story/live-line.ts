import { wait } from '../../runtime/wait.ts';
import type { Database } from '../../runtime/database.ts';
import type { Tally } from '../shoppers/tally.ts';
import type { Terminal } from '../terminal.ts';
import { p99 } from './checks.ts';
import { readLags } from './records.ts';

const EVERY = 500;

/** Keeps the bottom line of the terminal up to date until `signal` aborts. */
export async function liveLine(
  terminal: Terminal,
  tally: Tally,
  inventory: Database,
  signal: AbortSignal,
): Promise<void> {
  let last = { ...tally, at: performance.now() };
  while (!signal.aborted) {
    await wait(EVERY, signal);
    const lag = p99(await readLags(inventory, 0, 5).catch(() => []));
    const now = { ...tally, at: performance.now() };
    const perSecond = ((now.requests - last.requests) / (now.at - last.at)) * 1_000;
    const reads = now.reads - last.reads;
    const share =
      reads === 0 ? '–' : `${Math.round(((now.readsOnService - last.readsOnService) / reads) * 100)} %`;
    terminal.live(
      `${Math.round(perSecond)} requests/s · ${share} of inventory reads on the service · lag p99 ${
        lag === undefined ? '–' : `${Math.round(lag)} ms`
      } · ${tally.failed} failed`,
    );
    last = now;
  }
  terminal.live('');
}
