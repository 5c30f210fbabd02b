import { pino } from 'pino';
import { expect, inject, onTestFinished, test } from 'vitest';
import { mysqlInbox, createConsumer } from '../../consumer/index.ts';
import { install, migrationsOf } from '../../control-plane/install/index.ts';
import { freshDatabase } from '../support/database.ts';
import { freshStream } from '../support/stream.ts';
import { until } from '../support/until.ts';
import { countingConsumer, countingDatabase, journal, sequenced, upTo } from './counting.ts';
import { numberedEvent, put } from './events.ts';

test('an inbox from before goes on; for numbers it says what to do, and begins where it stands', async () => {
  const url = await freshDatabase();
  const [first, ...later] = migrationsOf('inbox');
  expect(later.map(({ name }) => name)).toEqual(['20261128100001_inbox_sequence']);
  await install({ url, set: 'inbox', migrations: [first!] });
  const database = await countingDatabase(url);
  const stream = { name: await freshStream(1), endpoint: inject('kinesis') };
  await put(
    stream.name,
    [1, 2].map((n) => numberedEvent('k', n)),
  );
  // Without a registry, or a type of this order in it, nothing is asked of tables that aren't there.
  const { aggregates: _, ...unordered } = sequenced;
  for (const registry of [undefined, unordered]) {
    const before = countingConsumer(database, stream, { registry });
    await before.start();
    await until('read', () => before.lag().lagMs !== null);
    await until('handled', async () => (await journal(database)).get('k')?.length === 2);
    await before.stop();
    expect(before.totals().retries).toBe(0);
  }
  await put(
    stream.name,
    [3, 5].map((n) => numberedEvent('k', n)),
  );
  const lines: string[] = [];
  const log = pino({ level: 'warn' }, { write: (line: string) => void lines.push(line) });
  const after = countingConsumer(database, stream, { registry: sequenced, log });
  onTestFinished(async () => {
    await after.stop();
    await database.end();
  });
  await after.start();
  await until('said', () => lines.some((line) => line.includes('banyan install inbox')));
  expect(after.lag().lagMs).toBeNull();
  expect((await install({ url, set: 'inbox' })).applied).toEqual(later.map(({ name }) => name));
  await until('held', () => after.totals().held === 1);
  await put(stream.name, [numberedEvent('k', 4)]);
  await until('handled', async () => (await journal(database)).get('k')?.length === 5);
  expect((await journal(database)).get('k')).toEqual(upTo(5));
});

test('an inbox that keeps no numbers is refused where the registry asks for them', () => {
  const { numbers: _, ...own } = mysqlInbox({} as never);
  const given = { stream: { name: 's', region: 'r' }, application: 'a', handlers: {}, inbox: own };
  expect(() => createConsumer({ ...given, registry: sequenced })).toThrow(/keeps no numbers/);
  createConsumer(given);
});
