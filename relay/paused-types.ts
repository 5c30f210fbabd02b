import { pauseType, readPauses } from '../outbox/pause-type.ts';
import { recentPoison } from '../outbox/recent-poison.ts';
import type { Database } from '../runtime/database.ts';
import type { Log } from '../runtime/log.ts';
import { wait } from '../runtime/wait.ts';

/** When a type is paused by the relay itself. */
export interface PauseAfter {
  /** Events of one type that failed. */
  readonly failures: number;
  /** Within so many milliseconds. */
  readonly within: number;
}

export interface PausedTypesOptions {
  readonly database: Database;
  /** Who pauses: the relay's name. */
  readonly name: string;
  readonly pauseAfter: PauseAfter;
  readonly log: Log;
  /** Milliseconds between two looks at what others have paused or resumed. Default 2,000. */
  readonly every?: number | undefined;
}

export type PausedTypes = ReturnType<typeof watchPausedTypes>;

/**
 * Which types are paused, here and by others. One event that its writer got wrong is parked and its key waits; when
 * many of a type fail in a short time, it is the writer, or the registry, that is wrong: then the type is paused as
 * a whole, so that its events wait untouched instead of being parked one by one.
 */
export function watchPausedTypes(
  { database, name, pauseAfter, log, every = 2_000 }: PausedTypesOptions,
  signal: AbortSignal,
) {
  /** By type: the rows that failed here, and when. What others have parked stands in the database. */
  const failures = new Map<string, Map<string, number>>();
  let paused: ReadonlySet<string> = new Set();

  function take(now: ReadonlySet<string>): void {
    for (const type of now)
      if (!paused.has(type)) log.error({ type }, `type '${type}' is paused: nothing of it is sent`);
    for (const type of paused)
      if (!now.has(type)) {
        failures.delete(type);
        log.info({ type }, `type '${type}' goes on`);
      }
    paused = now;
  }
  async function follow(): Promise<void> {
    while (!signal.aborted) {
      // Whether the database is there is told by the claims.
      await readPauses(database).then(
        (found) => take(new Set(found.map(({ type }) => type))),
        () => {},
      );
      await wait(every, signal);
    }
  }
  const following = follow();

  return {
    has: (type: string) => paused.has(type),
    all: () => paused,
    /**
     * Counts a failure of the type, together with those that other relays have parked; pauses it when that was one too many. Resolves
     * when that is in the database, for only then can its events be parked as paused. Rejects when the database is away.
     */
    async failed(type: string, reason: string, id: number | string): Promise<void> {
      const now = performance.now();
      const recent = new Map(
        [...(failures.get(type) ?? [])].filter(([, at]) => at > now - pauseAfter.within),
      ).set(String(id), now);
      failures.set(type, recent);
      const all = new Set(recent.keys());
      if (all.size < pauseAfter.failures) {
        // Where that isn't answered, those that failed here count.
        const parked = await recentPoison(database, type, {
          within: pauseAfter.within,
          limit: pauseAfter.failures,
        }).catch(() => []);
        for (const one of parked) all.add(String(one));
      }
      if (all.size < pauseAfter.failures) return;
      const seconds = Math.round(pauseAfter.within / 1_000);
      const why = `${all.size} events of it failed within ${seconds} s; the last one: ${reason}`;
      await pauseType(database, type, why, name);
      log.error({ type, reason: why }, `type '${type}' is paused by this relay: ${why}`);
      paused = new Set([...paused, type]);
    },
    ended: () => following,
  };
}
