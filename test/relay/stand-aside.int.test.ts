import { expect, inject, onTestFinished, test } from 'vitest';
import { startKinesisProxy, type Fault } from '../support/kinesis-proxy.ts';
import { until } from '../support/until.ts';
import { drained, numbers, scene } from './support.ts';

/** A healthy relay and one whose way to the stream goes wrong as `fault` says, as soon as they share the buckets. */
async function pair(fault: Fault) {
  const it = await scene();
  const way = await startKinesisProxy(inject('kinesis'));
  onTestFinished(() => way.stop());
  const times = { lease: 1_000, requestTimeout: 300 };
  const healthy = await it.relay({ ...times, name: 'healthy' });
  const stream = { name: it.stream, region: 'us-east-1', endpoint: way.url };
  const broken = await it.relay({ ...times, name: 'broken', stream, ops: '127.0.0.1:0' });
  const shares = async () => {
    const [rows] = await it.database.query(
      `SELECT SUBSTRING_INDEX(owner, '~', 1) AS relay, COUNT(*) AS count FROM banyan_outbox_lease
        WHERE owner IS NOT NULL AND expires_at > CURRENT_TIMESTAMP(6) GROUP BY owner`,
    );
    return Object.fromEntries(
      (rows as { relay: string; count: number }[]).map(({ relay, count }) => [relay, count]),
    );
  };
  const shared = (broken: number, healthy: number) =>
    until(
      `the shares are ${broken} and ${healthy}`,
      async () => {
        const found = await shares();
        return (found['broken'] ?? 0) === broken && (found['healthy'] ?? 0) === healthy;
      },
      15_000,
    );
  await shared(32, 32);
  way.fault(() => fault);
  const keys = numbers(100).map((n) => `k${n}`);
  await it.append(
    ...keys.flatMap((key): [string, number][] => [
      [key, 1],
      [key, 2],
    ]),
  );
  return { ...it, way, healthy, broken, shared, keys };
}

test.each<[string, Fault]>([
  ['whose credentials have expired', { kind: 'error', type: 'ExpiredTokenException' }],
  ['that is cut off from Kinesis', { kind: 'hang' }],
])('a relay %s leaves its buckets to the healthy one, and comes back when it can send', async (_, fault) => {
  const it = await pair(fault);
  await it.shared(0, 64);
  await drained(it);
  const published = await it.firstDeliveries();
  for (const key of it.keys) expect(published[`thing:${key}`]).toEqual([1, 2]);
  expect(await (await fetch(`${it.broken.opsUrl}/readyz`)).text()).toContain('not ready: kinesis');
  it.way.fault(() => undefined);
  await it.shared(32, 32);
  expect(await (await fetch(`${it.broken.opsUrl}/readyz`)).text()).toBe('ready\n');
});

test('a relay that stands aside takes the buckets again when no other is left, and goes on trying', async () => {
  const it = await pair({ kind: 'error', type: 'ExpiredTokenException' });
  await it.shared(0, 64);
  await it.healthy.stop();
  await it.shared(64, 0);
  await it.append(['late', 1]);
  it.way.fault(() => undefined);
  await drained(it);
  expect((await it.firstDeliveries())['thing:late']).toEqual([1]);
});
