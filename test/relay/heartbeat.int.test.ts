import { randomUUID } from 'node:crypto';
import { pino } from 'pino';
import { expect, inject, onTestFinished, test } from 'vitest';
import type { ConsumerReport } from '../../consumer/index.ts';
import { bindStream } from '../../outbox/bind-stream.ts';
import { appendHeartbeats, deleteHeartbeats } from '../../outbox/heartbeat.ts';
import { readLag } from '../../outbox/lag.ts';
import { countingConsumer, countingDatabase } from '../consumer/counting.ts';
import { freshDatabase } from '../support/database.ts';
import { startKinesisProxy } from '../support/kinesis-proxy.ts';
import { freshStream, readStream } from '../support/stream.ts';
import { until } from '../support/until.ts';
import type { StreamAddress } from '../../relay/kinesis-publisher.ts';
import { sendHeartbeats } from '../../relay/send-heartbeats.ts';
import { settleGoneHeartbeats } from '../../relay/settle-gone-heartbeats.ts';
import { equalRanges } from '../../relay/shard-range.ts';
import { IMPATIENT, scene, type Scene } from './support.ts';
import { reportsTo } from './reports.ts';

const count = async ({ database }: Scene, where: string): Promise<number> => {
  const [rows] = await database.query(`SELECT COUNT(*) AS n FROM banyan_outbox WHERE ${where}`);
  return Number((rows as { n: number }[])[0]!.n);
};
const name = ({ url }: Scene) => new URL(url).pathname.slice(1);

test('heartbeats go the whole way through every bucket and shard, and are no events to anybody', async () => {
  const it = await scene();
  const reports = await reportsTo();
  const service = await countingDatabase(await freshDatabase('inbox'));
  onTestFinished(() => service.end());
  const given: string[] = [];
  const consumer = countingConsumer(
    service,
    { name: it.stream, endpoint: inject('kinesis') },
    {
      report: { url: reports.url, token: 't' },
      handlers: { 'banyan.heartbeat': async ({ id }) => void given.push(id) },
    },
  );
  await consumer.start();
  onTestFinished(() => consumer.stop());
  const relay = await it.relay({ heartbeat: 300, ops: '127.0.0.1:0' });
  const settled = await until('each bucket and shard has had one', async () => {
    const [rows] = await it.database.query(
      `SELECT COUNT(DISTINCT bucket) AS buckets, COUNT(DISTINCT r.shard_id) AS shards
         FROM banyan_outbox JOIN banyan_outbox_receipt r USING (id) WHERE state = 'settled'`,
    );
    const [{ buckets, shards }] = rows as [{ buckets: number; shards: number }];
    return buckets === 64 && shards === 2 ? Date.now() : undefined;
  });
  const reading = await until('each has come since', () => {
    const found = (reports.last() as ConsumerReport | undefined)?.heartbeats?.[0];
    return found && Date.parse(found.oldest) > settled ? found : undefined;
  });
  expect(reading).toMatchObject({ outbox: name(it), missing: [] });

  expect(given).toEqual([]);
  expect(consumer.totals()).toMatchObject({ handled: 0, duplicate: 0, unhandled: 0, foreign: 0 });
  const [inbox] = await service.query('SELECT 1 FROM banyan_inbox');
  expect(inbox).toEqual([]);
  expect((await readLag(it.database)).types).toEqual([]);
  const metrics = await (await fetch(`${relay.opsUrl}/metrics`)).text();
  expect(metrics).toMatch(/^banyan_relay_published_total\{stream="[^"]+"\} 0$/m);
  const [members] = await it.database.query('SELECT settled_by_type AS counts FROM banyan_outbox_relay');
  expect(members).toEqual([{ counts: '{}' }]);
});

test('while a bucket can not be sent its heartbeats do not pile up, and it is the one that is behind', async () => {
  const it = await scene();
  it.proxy.fault(({ operation }) => (operation === 'PutRecords' ? { kind: 'throttle' } : undefined));
  const relay = await it.relay({ ...IMPATIENT, heartbeat: 50 });
  await until('three rounds are pending', async () => (await count(it, `state = 'pending'`)) >= 3 * 64);
  await it.append(['a', 1]);
  await until('more rounds went by', async () => it.proxy.puts.length > 3);
  expect(await count(it, `type = 'banyan.heartbeat'`)).toBeLessThanOrEqual(3 * 66);
  await relay.stop();
  expect((await readLag(it.database)).types).toMatchObject([{ type: 'ThingHappened', pending: 1 }]);
});

test('what another relay settled of a bucket that was its own for a while does not count as pending', async () => {
  const it = await scene();
  let epoch = 1;
  const ending = new AbortController();
  const shards = () => Promise.resolve(equalRanges(2));
  const beats = sendHeartbeats(
    {
      database: it.database,
      leases: { claimable: () => [{ bucket: 7, epoch }] },
      flow: { stream: it.stream, shards, wake() {} },
      further: false,
      every: 10,
      log: pino({ level: 'silent' }),
    },
    ending.signal,
  );
  onTestFinished(async () => {
    ending.abort();
    await beats.over;
  });
  const most = await until('it appends no more', async () => {
    const found = await count(it, '1 = 1');
    await new Promise((resolve) => setTimeout(resolve, 200));
    return found > 0 && found === (await count(it, '1 = 1')) && found;
  });
  await it.database.query("UPDATE banyan_outbox SET state = 'settled', settled_epoch = 2");
  epoch = 3;
  await until('it appends as many again', async () => (await count(it, "state = 'pending'")) === most);
});

test('heartbeats that are left pending hold up no change of the stream, and settled ones are deleted by their ids', async () => {
  const it = await scene();
  const relay = await it.relay({ ...IMPATIENT, heartbeat: 10_000 });
  await until('they are settled', async () => (await count(it, `state = 'settled'`)) >= 64);
  await relay.stop();
  const [rows] = await it.database.query('SELECT event_id AS id FROM banyan_outbox ORDER BY id');
  const ids = (rows as { id: string }[]).map(({ id }) => id);
  await it.database.query(`UPDATE banyan_outbox SET state = 'pending' WHERE event_id = ?`, [ids[0]]);
  await deleteHeartbeats(it.database, ids.slice(0, 10));
  expect(await count(it, '1 = 1')).toBe(ids.length - 9);
  await bindStream(it.database, 'another');
});

test('each stream has heartbeats of its own through every bucket and shard; one that is away keeps none back from another', async () => {
  const it = await scene();
  const proxy = await startKinesisProxy(inject('kinesis'));
  onTestFinished(() => proxy.stop());
  const second = { name: await freshStream(2), region: 'us-east-1', endpoint: proxy.url };
  const service = await countingDatabase(await freshDatabase('inbox'));
  onTestFinished(() => service.end());
  const told = async (name: string) => {
    const reports = await reportsTo();
    const consumer = countingConsumer(
      service,
      { name, endpoint: inject('kinesis') },
      { report: { url: reports.url, token: 't' } },
    );
    await consumer.start();
    onTestFinished(() => consumer.stop());
    return () => reports.last() as ConsumerReport | undefined;
  };
  const [first, further] = [await told(it.stream), await told(second.name)];
  const whole = (report: ConsumerReport | undefined) =>
    report?.heartbeats?.find(({ outbox, missing }) => outbox === name(it) && missing.length === 0);
  const distinct = async (condition: string) => {
    const [rows] = await it.database.query(
      `SELECT COUNT(DISTINCT bucket) AS buckets, COUNT(DISTINCT r.shard_id) AS shards
         FROM banyan_outbox JOIN banyan_outbox_receipt r USING (id) WHERE state = 'settled' AND ${condition}`,
    );
    const [{ buckets, shards }] = rows as [{ buckets: number; shards: number }];
    return buckets === 64 && shards === 2 ? Date.now() : undefined;
  };
  await proxy.away();
  await it.relay({ heartbeat: 500, streams: [second], aggregates: { order: second.name } });
  const here = await until('the first stream has all', () => distinct('stream IS NULL'));
  await until('they have come', () => Date.parse(whole(first())?.oldest ?? '') > here);
  expect(await count(it, `state = 'settled' AND stream IS NOT NULL`)).toBe(0);
  await proxy.back();
  const there = await until('the second stream has all', () => distinct(`stream = '${second.name}'`));
  await until('they have come', () => Date.parse(whole(further())?.oldest ?? '') > there);
  expect([first()?.stream, further()?.stream]).toEqual([it.stream, second.name]);
  const [shared] = await it.database.query(
    'SELECT partition_key FROM banyan_outbox GROUP BY partition_key HAVING COUNT(DISTINCT IFNULL(stream, 0)) > 1',
  );
  expect(shared).toEqual([]);
  expect(it.logged.filter((line) => line.includes('overlapping'))).toEqual([]);
});

test('heartbeats of a stream that was taken out of the configuration go, and nothing else that names it', async () => {
  const it = await scene();
  const proxy = await startKinesisProxy(inject('kinesis'));
  onTestFinished(() => proxy.stop());
  proxy.fault(({ operation }) => (operation === 'PutRecords' ? { kind: 'throttle' } : undefined));
  const [kept, gone] = (await Promise.all([freshStream(2), freshStream(2)])).map((name) => ({
    ...{ name, region: 'us-east-1', endpoint: proxy.url },
  })) as [StreamAddress, StreamAddress];
  const pendingOf = ({ name: stream }: StreamAddress) =>
    count(it, `state = 'pending' AND stream = '${stream}'`);
  const before = await it.relay({ ...IMPATIENT, heartbeat: 300, streams: [kept, gone] });
  await until(
    'both have heartbeats',
    async () => (await pendingOf(kept)) >= 64 && (await pendingOf(gone)) >= 64,
  );
  await before.stop();
  // A replay into that stream; an application's events with a heartbeat's key, type or source; and a replayed heartbeat.
  const others = [
    ['ThingHappened', 'thing', '1', '/m', 'r-1'],
    ['ThingHappened', 'banyan', `heartbeat-${gone.name}-0`, '/banyan', null],
    ['banyan.heartbeat', 'banyan', `heartbeat-${gone.name}-1`, '/m', null],
    ['banyan.heartbeat', 'banyan', `heartbeat-${gone.name}-2`, '/banyan', 'r-1'],
    ['banyan.heartbeat', 'thing', '2', '/banyan', null],
  ];
  for (const other of others)
    await it.database.query(
      `INSERT INTO banyan_outbox (event_id, type, aggregate_type, aggregate_id, source, replay, data, stream)
       VALUES (UUID(), ?, ?, ?, ?, ?, '{}', '${gone.name}')`,
      other,
    );
  const stillKept = await pendingOf(kept);
  await it.relay({ heartbeat: 300, streams: [kept] });
  await until('only the others are left', async () => (await pendingOf(gone)) === others.length);
  expect(await pendingOf(kept)).toBeGreaterThanOrEqual(stillKept);
  const settled = await count(it, `state = 'settled' AND stream IS NULL`);
  await until(
    'the first stream has more heartbeats',
    async () => (await count(it, `state = 'settled' AND stream IS NULL`)) > settled + 64,
  );
  expect(await pendingOf(gone)).toBe(others.length);
  expect(await readStream(gone.name)).toEqual([]);
});

test('a relay that is not asked for a stream leaves the heartbeats of other relays’ buckets alone', async () => {
  const it = await scene();
  const [fault, second] = [await startKinesisProxy(inject('kinesis')), await freshStream(2)];
  onTestFinished(() => fault.stop());
  fault.fault(({ operation }) => (operation === 'PutRecords' ? { kind: 'throttle' } : undefined));
  await it.relay({
    name: 'knows',
    heartbeat: 300,
    streams: [{ name: second, region: 'us-east-1', endpoint: fault.url }],
  });
  const buckets = async (owner: string) => {
    const [rows] = await it.database.query(
      `SELECT l.bucket, COUNT(o.id) AS n FROM banyan_outbox_lease l
         LEFT JOIN banyan_outbox o ON o.bucket = l.bucket AND o.state = 'pending' AND o.stream = ?
        WHERE l.owner LIKE ? GROUP BY l.bucket`,
      [second, `${owner}~%`],
    );
    return (rows as { bucket: number; n: number }[]).map(({ n }) => Number(n));
  };
  await until('three rounds are pending in each of its buckets, and no more will come', async () => {
    const [rows] = await it.database.query(
      `SELECT COUNT(*) AS n FROM banyan_outbox WHERE stream = '${second}' GROUP BY partition_key`,
    );
    const all = rows as { n: number }[];
    return all.length >= 64 && all.every(({ n }) => n === 3);
  });
  await it.relay({ name: 'another', heartbeat: 300 });
  await until('the other relay has half of the buckets, and none of their heartbeats is left', async () => {
    const all = await buckets('another');
    return all.length === 32 && all.every((n) => n === 0);
  });
  const kept = await buckets('knows');
  expect(kept).toHaveLength(32);
  expect(kept.every((n) => n >= 3)).toBe(true);
});

test('a heartbeat of a stream that is gone, appended late by the owner before, goes soon after the bucket was looked into', async () => {
  const it = await scene();
  const beat = () =>
    appendHeartbeats(it.database, [
      { eventId: randomUUID(), aggregateId: 'heartbeat-gone-0', bucket: 0, stream: 'gone' },
    ]);
  await beat();
  const [rows] = await it.database.query('SELECT bucket FROM banyan_outbox');
  const [{ bucket }] = rows as [{ bucket: number }];
  await it.database.query(
    `UPDATE banyan_outbox_lease SET owner = 'one', epoch = 1, expires_at = NOW(6) + INTERVAL 1 HOUR WHERE bucket = ?`,
    [bucket],
  );
  const ending = new AbortController();
  const over = settleGoneHeartbeats(
    {
      database: it.database,
      owner: 'one',
      leases: { claimable: () => [{ bucket, epoch: 1 }], holds: () => true },
      streams: new Set([it.stream]),
      log: pino({ level: 'silent' }),
    },
    ending.signal,
  );
  onTestFinished(async () => {
    ending.abort();
    await over;
  });
  await until('the bucket was looked into', async () => (await count(it, '1 = 1')) === 0);
  await beat();
  await until('the late one has gone, too', async () => (await count(it, '1 = 1')) === 0);
});

test('no heartbeat is appended for a bucket that was given up while the shards were asked for', async () => {
  const it = await scene();
  let buckets = [7, 8];
  const ending = new AbortController();
  const beats = sendHeartbeats(
    {
      database: it.database,
      leases: { claimable: () => buckets.map((bucket) => ({ bucket, epoch: 1 })) },
      flow: {
        stream: it.stream,
        shards: () => {
          buckets = [8];
          return Promise.resolve(equalRanges(2));
        },
        wake() {},
      },
      further: false,
      every: 60_000,
      log: pino({ level: 'silent' }),
    },
    ending.signal,
  );
  onTestFinished(async () => {
    ending.abort();
    await beats.over;
  });
  await until('the other bucket has one', async () => (await count(it, 'bucket = 8')) > 0);
  expect(await count(it, 'bucket <> 8')).toBe(0);
});

test('heartbeats that could not be sent for long are deleted once they are settled, too', async () => {
  const it = await scene();
  const ending = new AbortController();
  const beats = sendHeartbeats(
    {
      database: it.database,
      leases: { claimable: () => [{ bucket: 7, epoch: 1 }] },
      flow: { stream: it.stream, shards: () => Promise.resolve(equalRanges(2)), wake() {} },
      further: false,
      ...{ every: 10, kept: 100 },
      log: pino({ level: 'silent' }),
    },
    ending.signal,
  );
  onTestFinished(async () => {
    ending.abort();
    await beats.over;
  });
  const rows = async () => {
    const [found] = await it.database.query(
      'SELECT event_id AS id, partition_key AS `key` FROM banyan_outbox ORDER BY id',
    );
    return found as { id: string; key: string }[];
  };
  const stuck = await until('three of each key wait for much longer than they are kept', async () => {
    const before = await rows();
    await new Promise((resolve) => setTimeout(resolve, 1_000));
    return before.length > 0 && before.length === (await rows()).length ? before : undefined;
  });
  await it.database.query("UPDATE banyan_outbox SET state = 'settled', settled_epoch = 1");
  for (const { key } of stuck) beats.settled(key);
  await until('they have gone', async () => {
    const there = new Set((await rows()).map(({ id }) => id));
    return stuck.every(({ id }) => !there.has(id));
  });
});
