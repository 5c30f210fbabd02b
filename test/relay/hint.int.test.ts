import { expect, inject, onTestFinished, test } from 'vitest';
import { hint } from '../../relay/index.ts';
import type { Connection, Database } from '../../runtime/database.ts';
import { openRedis } from '../../runtime/redis.ts';
import { until } from '../support/until.ts';
import { drained, scene } from './support.ts';

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

test('a hint that comes while the relay looks into the outbox makes it look again', async () => {
  const it = await scene();
  const [redis, listener] = [openRedis(inject('redis')), openRedis(inject('redis'))];
  onTestFinished(() => [redis, listener].forEach((one) => one.disconnect()));
  let [looks, hints, holding] = [0, 0, false];
  const released = Promise.withResolvers<void>();
  const database = watched(it.database, (sql) => {
    if (!sql.includes('SELECT id, partition_key, bucket, bytes')) return undefined;
    looks += 1;
    return holding ? released.promise : undefined;
  });
  await it.relay({ database, redis: inject('redis'), poll: 60_000, lease: 60_000, requestTimeout: 5_000 });
  // Each look that finds nothing doubles the pause.
  await until('nothing but a hint makes it look again for a minute', async () => {
    await hint(redis);
    return looks > 20;
  });
  await listener.subscribe('banyan:outbox:hint');
  listener.on('message', () => (hints += 1));

  holding = true;
  const before = looks;
  await until('it has looked and has no answer yet', async () => {
    await hint(redis);
    return looks > before;
  });
  await it.append(['k', 1]);
  hints = 0;
  await hint(redis);
  await until('the hint is there', () => hints > 0);
  holding = false;
  released.resolve();
  await drained(it, 3_000);
  expect(await it.published()).toEqual({ 'thing:k': [1] });
});
