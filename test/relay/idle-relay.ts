import type { Relay, RelayOptions } from '../../relay/index.ts';
import type { Connection, Database } from '../../runtime/database.ts';
import { until } from '../support/until.ts';
import type { Scene } from './support.ts';

/** A relay that looks into the outbox once in minutes, unless something wakes it. */
export interface IdleRelay {
  readonly relay: Relay;
  /** How often it has looked so far. */
  looks(): number;
  /** Resolves when such a hint reaches it, and it rests again. */
  hears(hint: () => void): Promise<void>;
  /** Resolves when it rests for minutes again: after a find it looks often for a while. */
  rest(): Promise<void>;
  /** Until `end` is called, looks get no answer. */
  hold(): { end(): void };
}

export async function idleRelay(it: Scene, options: Partial<RelayOptions> = {}): Promise<IdleRelay> {
  let looks = 0;
  let held: Promise<void> | undefined;
  const database = watched(it.database, (sql) => {
    if (!sql.includes('id, partition_key, bucket, bytes')) return undefined;
    looks += 1;
    return held;
  });
  // After each look at the leases, every third of one, it looks too.
  const times = { poll: 600_000, lease: 600_000, requestTimeout: 5_000 };
  const relay = await it.relay({ ...times, ...options, database });
  const idle: IdleRelay = {
    relay,
    looks: () => looks,
    async rest() {
      // Each look that finds nothing doubles the pause.
      const enough = looks + 15;
      await until('it rests for minutes', () => {
        relay.wake();
        return looks > enough;
      });
      // What was asked for last may still be to come.
      let seen = -1;
      const still = () => seen === (seen = looks);
      await until('it has come to rest', still, 60_000, 50);
    },
    async hears(hint) {
      const before = looks;
      await until('the relay hears of hints', () => {
        hint();
        return looks > before;
      });
      await idle.rest();
    },
    hold() {
      const { promise, resolve } = Promise.withResolvers<void>();
      held = promise;
      return {
        end() {
          held = undefined;
          resolve();
        },
      };
    },
  };
  await idle.rest();
  return idle;
}

/** The same database, whose answers pass through `answered` with their statement. */
function watched(database: Database, answered: (sql: string) => Promise<void> | undefined): Database {
  const instead = <T extends object>(target: T, name: string, value: unknown): T =>
    new Proxy(target, {
      get(of, property) {
        if (property === name) return value;
        const found: unknown = Reflect.get(of, property);
        return typeof found === 'function' ? (found as () => unknown).bind(of) : found;
      },
    });
  return instead(database, 'getConnection', async () => {
    const connection: Connection = await database.getConnection();
    return instead(connection, 'query', async (sql: string, values: unknown[]) => {
      const answer = await connection.query(sql, values);
      await answered(sql);
      return answer;
    });
  });
}
