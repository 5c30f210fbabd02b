import type { Log } from '../../runtime/log.ts';
import { openRedis } from '../../runtime/redis.ts';
import { wait } from '../../runtime/wait.ts';

/** Who has just written through any gateway. */
export interface SharedWrites {
  /** Remembers the key for so many milliseconds. True once every gateway that asks will be told. */
  put(key: string, keep: number): Promise<boolean>;
  /** Whether the key is there; undefined when nobody can say. At once while nobody can be asked. */
  has(key: string): Promise<boolean | undefined> | undefined;
  close(): void;
}

/** How long Redis may take to answer, in milliseconds. */
export const PATIENCE = 250;
/** The longest pause between two attempts to connect (runtime/redis.ts): a gateway may be back so much later than another. */
const RECONNECT = 2_000;
const PREFIX = 'banyan:wrote:';

/**
 * Keys in Redis, each with its own expiry. A read asks for its key on the primary: a command that Redis takes after the
 * one that put it sees it, whatever gateway sent either. Questions that come while one is on its way go with the next,
 * all in one command.
 *
 * A Redis that was lost may come back empty, so for as long as a write counts nobody can say who has written. `longest` is
 * that length in milliseconds.
 */
export function sharedWrites(
  url: string,
  { log, longest }: { log: Log; longest: () => number },
): SharedWrites {
  const redis = openRedis(url, { commandTimeout: PATIENCE });
  const closed = new AbortController();
  let sureFrom = Infinity;
  let first = true;
  let away = false;
  let slow = false;
  let waiting: Map<string, ((found: boolean | undefined) => void)[]> = new Map();
  let asking = false;

  redis.on('ready', () => {
    sureFrom = performance.now() + longest() + (first ? 0 : RECONNECT);
    first = false;
    if (away) log.info('Redis is back: own writes are shared between gateways again');
    away = false;
  });
  redis.on('close', () => {
    sureFrom = Infinity;
    if (closed.signal.aborted || away) return;
    away = true;
    log.warn(
      'Redis is away: what users have just written is known through cookies and on this gateway alone',
    );
  });

  /** Nobody waits for a Redis that doesn't answer; whether it does again is asked apart. */
  const becomeSlow = async () => {
    if (slow) return;
    slow = true;
    log.warn(`Redis did not answer within ${PATIENCE} ms; until it does, nobody is asked there`);
    while (!closed.signal.aborted) {
      const answered = await redis.ping().then(
        () => true,
        () => false,
      );
      if (answered) break;
      await wait(100, closed.signal);
    }
    slow = false;
  };
  const failed = () => {
    if (redis.status === 'ready') void becomeSlow();
  };

  const ask = async () => {
    asking = true;
    while (waiting.size > 0) {
      const batch = waiting;
      waiting = new Map();
      let found: (boolean | undefined)[] = [];
      try {
        const values = await redis.mget([...batch.keys()].map((key) => PREFIX + key));
        // What was lost meanwhile is not known to be absent.
        found = values.map((value) =>
          value !== null ? true : performance.now() >= sureFrom ? false : undefined,
        );
      } catch {
        failed();
      }
      let place = 0;
      for (const resolvers of batch.values()) {
        for (const resolve of resolvers) resolve(found[place]);
        place += 1;
      }
    }
    asking = false;
  };

  return {
    async put(key, keep) {
      if (slow || redis.status !== 'ready') return false;
      try {
        await redis.set(PREFIX + key, '1', 'PX', Math.ceil(keep));
        return true;
      } catch {
        failed();
        return false;
      }
    },
    has(key) {
      if (slow || redis.status !== 'ready') return undefined;
      return new Promise((resolve) => {
        const same = waiting.get(key);
        if (same) same.push(resolve);
        else waiting.set(key, [resolve]);
        if (!asking) void ask();
      });
    },
    close() {
      closed.abort();
      redis.disconnect();
    },
  };
}
