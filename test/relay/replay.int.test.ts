import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, inject, onTestFinished, test } from 'vitest';
import { appendAgain } from '../../outbox/replay/append-again.ts';
import { cancelOrder } from '../../outbox/operator/cancel-order.ts';
import { askForReplay, idsOf, readReplays } from '../../outbox/replay/replays.ts';
import { readAudit } from '../../outbox/operator/index.ts';
import type { CloudEvent } from '../../outbox/event.ts';
import { banyan } from '../cli/support/banyan.ts';
import { openSite } from '../cli/support/site.ts';
import { countingConsumer, countingDatabase, journal } from '../consumer/counting.ts';
import { freshDatabase } from '../support/database.ts';
import { freshStream, kinesisClient, readStream } from '../support/stream.ts';
import { until } from '../support/until.ts';
import { drained, numbers, scene, type Scene } from './support.ts';

const range = { from: Date.now() - 86_400_000, to: Date.now() + 86_400_000, rate: 10_000 };

/** The events of the stream, in order. */
async function events({ stream }: Scene): Promise<CloudEvent<{ n: number }>[]> {
  const client = kinesisClient();
  const records = await readStream(stream, client);
  client.destroy();
  return records.map(({ Data }) => JSON.parse(Buffer.from(Data!).toString()) as CloudEvent<{ n: number }>);
}

/** What the job appended, in order. */
async function appended({ database }: Scene): Promise<string[]> {
  const [rows] = await database.query(
    "SELECT CONCAT(aggregate_id, ' ', JSON_VALUE(data, '$.n')) AS told FROM banyan_outbox WHERE replay IS NOT NULL ORDER BY id",
  );
  return (rows as { told: string }[]).map(({ told }) => told);
}

test('a replay sends the events of its types again, in order and marked, to consumers that subscribed', async () => {
  const it = await scene();
  const { folder: cwd, monolith, stop } = await openSite();
  onTestFinished(stop);
  await writeFile(
    join(cwd, 'banyan.yaml'),
    `upstreams: { monolith: { url: '${monolith}' }, service: { url: '${monolith}' } }
outbox: { database: '${it.url}' }
contexts: { counts: { upstream: service, routes: [GET /c], events: [Counted] } }
`,
  );
  await it.relay({ redis: inject('redis') });
  await it.append(...numbers(25).map((n): [string, number, string] => ['k', n, 'Counted']), [
    'k',
    99,
    'Other',
  ]);
  await drained(it);
  const services = await Promise.all(
    [undefined, ['Counted']].map(async (replays) => {
      const database = await countingDatabase(await freshDatabase('inbox'));
      const consumer = countingConsumer(
        database,
        { name: it.stream, endpoint: inject('kinesis') },
        { replays },
      );
      await consumer.start();
      onTestFinished(async () => {
        await consumer.stop();
        await database.end();
      });
      return { consumer, database };
    }),
  );

  const dry = await banyan(['replay', '--context', 'counts', '--from', '2020-01-01', '--dry-run'], { cwd });
  expect(dry.stdout).toMatch(/^! the outbox has rows since 20.*\n25 events would be sent again\n$/);
  const asked = await banyan(['replay', '--context', 'counts', '--from', '2020-01-01', '--actor', 'ann'], {
    cwd,
  });
  const replay = /^(replay-\S+): 25 events are sent again/m.exec(asked.stdout)![1]!;
  await until('it is completed', async () => (await readReplays(it.database))[0]?.state === 'completed');
  expect((await readReplays(it.database))[0]).toMatchObject({ replay, askedBy: 'ann', done: 25, total: 25 });
  const listed = await banyan(['replay', '--list'], { cwd });
  expect(listed.stdout).toMatch(new RegExp(`^${replay}  completed  25 of 25 +ann `, 'm'));

  const all = await events(it);
  const originals = all.filter((event) => event['replayid'] === undefined && event.type === 'Counted');
  const again = all.filter((event) => event['replayid'] === replay);
  expect(again.map(({ data }) => data.n)).toEqual(numbers(25));
  expect(again.map((event) => event['replayof'])).toEqual(originals.map(({ id }) => id));
  expect(again.map(({ time }) => time)).toEqual(originals.map(({ time }) => time));
  expect(new Set(all.map(({ id }) => id)).size).toBe(51);

  const [without, subscribed] = services as [(typeof services)[0], (typeof services)[0]];
  await until(
    'all is read',
    () => without.consumer.totals().replay === 25 && subscribed.consumer.totals().handled === 50,
  );
  expect((await journal(without.database)).get('k')).toEqual(numbers(25));
  expect((await journal(subscribed.database)).get('k')).toEqual([...numbers(25), ...numbers(25)]);

  await it.database.query(
    "INSERT INTO banyan_outbox_ownership (aggregate_type, state, peer) VALUES ('thing', 'given', 'db:3306/service'), ('other', 'awaited', 'x')",
  );
  const given = await banyan(['replay', '--context', 'counts', '--from', '2020-01-01', '--dry-run'], { cwd });
  expect(given.stdout.match(/^! aggregate type .*$/gm)).toEqual([
    "! aggregate type 'thing' is given to db:3306/service: what is replayed of it is parked here",
  ]);
  const unknown = await banyan(['replay', '--context', 'none', '--from', '2020-01-01'], { cwd });
  expect(unknown.stderr).toMatch(/there is no context 'none'; there are counts/);
  expect(unknown.exitCode).toBe(2);
}, 120_000);

test('a replay that is cut off anywhere appends no event twice, and no more than fits before live events', async () => {
  const it = await scene();
  await it.append(...numbers(30).map((n): [string, number] => ['hot', n]), ['cold', 1]);
  await it.database.query(
    "UPDATE banyan_outbox SET state = 'settled', settled_at = NOW(6), sequence_number = '1', outcome = 'acknowledged'",
  );
  const what = { ...range, types: ['ThingHappened'] };
  const ids = (await idsOf(it.database, what))!;
  const first = await appendAgain(it.database, { replay: 'r', what }, ids);
  expect(first).toMatchObject({ passed: 20, next: '20' });
  expect((await appendAgain(it.database, { replay: 'r', what }, ids)).appended).toEqual([]);
  // A look that was overtaken by another one's: some of its rows are there.
  await it.database.query("DELETE FROM banyan_outbox WHERE replay = 'r' AND JSON_VALUE(data, '$.n') > 12");
  expect((await appendAgain(it.database, { replay: 'r', what }, ids)).appended).toHaveLength(8);
  const rest = await appendAgain(it.database, { replay: 'r', what }, { ...ids, after: first.next! });
  expect(rest).toMatchObject({ passed: 11, next: undefined });
  expect((await appended(it)).toSorted()).toEqual(
    [...numbers(30).map((n) => `hot ${n}`), 'cold 1'].toSorted(),
  );
});

test('a replay into another stream arrives there alone, in order and marked; nothing of it is in the stream of live events', async () => {
  const it = await scene();
  const second = await freshStream(2);
  await it.relay({
    redis: inject('redis'),
    streams: [{ name: second, region: 'us-east-1', endpoint: inject('kinesis') }],
  });
  await it.append(...numbers(60).map((n): [string, number] => [`k${n % 2}`, n]));
  await drained(it);
  const what = { ...range, to: Date.now(), types: ['ThingHappened'], stream: second };
  await askForReplay(it.database, { replay: 'into', what, askedBy: 'ann', total: 60 });
  await it.append(['k0', 61], ['k1', 62]);
  await until('it is completed', async () => (await readReplays(it.database))[0]?.state === 'completed');
  await drained(it);
  const live = await events(it);
  expect(live).toHaveLength(62);
  expect(live.every((event) => event['replayid'] === undefined)).toBe(true);
  const replayed = await events({ ...it, stream: second });
  expect(replayed.every((event) => event['replayid'] === 'into')).toBe(true);
  for (const id of ['k0', 'k1']) {
    const ofKey = (all: CloudEvent<{ n: number }>[]) => all.filter(({ subject }) => subject === id);
    const originals = ofKey(live).slice(0, 30);
    expect(ofKey(replayed).map((event) => event['replayof'])).toEqual(originals.map((event) => event.id));
  }
});

test('while one of its events is parked a replay appends no more; cancelled, it appends none', async () => {
  const it = await scene();
  await it.append(...numbers(30).map((n): [string, number] => ['k', n]));
  await it.relay({ redis: inject('redis') });
  await drained(it);
  await it.database.query(
    `INSERT INTO banyan_outbox (event_id, source, type, aggregate_type, aggregate_id, data, replay, state)
     VALUES ('p', '/m', 'ThingHappened', 'thing', 'other', '1', 'r', 'parked')`,
  );
  const what = { ...range, types: ['ThingHappened'] };
  await askForReplay(it.database, { replay: 'r', what, askedBy: 'ann', total: 30 });
  await until('it says what it waits for', async () =>
    (await readReplays(it.database))[0]!.note?.includes('parked'),
  );
  expect(await appended(it)).toHaveLength(1);
  await it.database.query(
    "UPDATE banyan_outbox SET state = 'settled', outcome = 'discarded' WHERE event_id = 'p'",
  );
  await until('it goes on', async () => (await readReplays(it.database))[0]!.state === 'completed');
  expect(await appended(it)).toHaveLength(31);

  await askForReplay(it.database, { replay: 'c', what, askedBy: 'ann', total: 30 });
  const cancel = (id: string) =>
    cancelOrder(it.database, { job: 'replay', id }, { actor: 'ann', reason: 'why' });
  expect(await cancel('c')).toBe(true);
  expect(await cancel('r')).toBe(false);
  expect(await readAudit(it.database, { limit: 10 })).toMatchObject([
    {
      action: 'cancelled',
      eventId: 'c',
      type: 'replay',
      actor: 'ann',
      reason: 'why',
      detail: '0 of 30 done',
    },
  ]);
  expect((await readReplays(it.database)).find(({ replay }) => replay === 'c')?.state).toBe('cancelled');
});
