import { tooFarBehind, type Config, type SnapshotSource } from '../../contexts/index.ts';
import type { Log } from '../../runtime/log.ts';
import { wait } from '../../runtime/wait.ts';
import { outage } from '../snapshot/outage.ts';
import { withTimeout } from '../snapshot/with-timeout.ts';

/** How far each context's consumer is behind, as far as this gateway knows. */
export interface LagWatch {
  /** Contexts whose reads have to stay with the monolith, with the reason. Made anew only when something changed. */
  behind(): ReadonlyMap<string, string>;
  /** In milliseconds, with the time since it was read; undefined is unknown. */
  lags(): Iterable<readonly [string, number | undefined]>;
  reconfigure(config: Config): void;
  stop(): Promise<void>;
}

/** Milliseconds between two looks, and how long one may take. */
const EVERY = 250;
const TIMEOUT = 2_000;
/** So long the lag has to be good before reads leave the monolith again: one that hovers would swing all readers. */
const GOOD_FOR = 5_000;

interface Watched {
  readonly maxLag: number;
  /** The clock's time at which everything committed is handled, at the last look that knew; a lag is the time since. */
  handledAt: number | undefined;
  /** Since when it has been good without a break; undefined while it isn't. */
  goodSince: number | undefined;
  /** `new`: reads have never left the monolith; nobody has to be kept from swinging. `back`: they had, and came back. */
  reads: 'new' | 'left' | 'back';
}

export interface LagWatchOptions {
  readonly config: Config;
  readonly source: Pick<SnapshotSource, 'lag'>;
  readonly log: Log;
  readonly goodFor?: number;
  readonly now?: () => number;
}

/** Looks at the lag four times a second while a context has `maxLag`. What nobody can say counts as too great. */
export function watchLag({
  config: first,
  source,
  log,
  goodFor = GOOD_FOR,
  now = () => performance.now(),
}: LagWatchOptions): LagWatch {
  const stopped = new AbortController();
  const reading = outage(
    log,
    'the lag can’t be read; reads of contexts with maxLag stay with the monolith',
    'the lag can be read again',
  );
  let watched = new Map<string, Watched>();
  let behind = new Map<string, string>();
  /** Until when `behind` is what it says, if no look says otherwise. */
  let changesAt = 0;
  let loop: Promise<void> | undefined;

  const look = async () => {
    try {
      if (!source.lag) throw new Error('the source of the stages knows no lag');
      const asked = now();
      const lags = await withTimeout(source.lag(), TIMEOUT, 'the store');
      reading.over();
      for (const [name, context] of watched) {
        const lag = lags[name];
        // Below zero, a clock was set back.
        context.handledAt = lag !== undefined && lag >= 0 ? asked - lag : undefined;
      }
    } catch (error) {
      reading.fails(error);
    }
    judge();
  };

  const judge = () => {
    const time = now();
    behind = new Map();
    changesAt = Infinity;
    for (const [name, context] of watched) {
      const { maxLag, handledAt } = context;
      const lag = handledAt === undefined ? undefined : time - handledAt;
      const why = tooFarBehind(maxLag, lag);
      if (why !== undefined) {
        context.goodSince = undefined;
        if (context.reads === 'left') context.reads = 'back';
        behind.set(name, why);
        continue;
      }
      context.goodSince ??= time;
      const goodAt = context.goodSince + (context.reads === 'back' ? goodFor : 0);
      if (time < goodAt) behind.set(name, `the consumer’s lag was above maxLag (${maxLag} ms) a moment ago`);
      else context.reads = 'left';
      changesAt = Math.min(changesAt, time < goodAt ? goodAt : Infinity, handledAt! + maxLag);
    }
  };

  const reconfigure = ({ contexts }: Config) => {
    const before = watched;
    watched = new Map();
    for (const [name, { maxLag }] of Object.entries(contexts)) {
      if (maxLag === undefined) continue;
      const old = before.get(name);
      watched.set(name, {
        maxLag,
        handledAt: old?.handledAt,
        goodSince: old?.goodSince,
        reads: old?.reads ?? 'new',
      });
    }
    judge();
    if (watched.size === 0) return;
    loop ??= (async () => {
      while (!stopped.signal.aborted) {
        if (watched.size > 0) await look();
        await wait(EVERY, stopped.signal);
      }
    })();
  };
  reconfigure(first);

  return {
    behind() {
      if (now() > changesAt) judge();
      return behind;
    },
    *lags() {
      const time = now();
      for (const [name, { handledAt }] of watched)
        yield [name, handledAt === undefined ? undefined : time - handledAt];
    },
    reconfigure,
    async stop() {
      stopped.abort();
      await loop;
    },
  };
}
