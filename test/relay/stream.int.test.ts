import { expect, test } from 'vitest';
import { freshStream } from '../support/stream.ts';
import { until } from '../support/until.ts';
import { drained, scene } from './support.ts';

test('a relay for another stream refuses to start while something is pending, and says so', async () => {
  const it = await scene();
  const first = await it.relay();
  await it.append(['a', 1]);
  await drained(it);
  await first.stop();
  await it.append(['a', 2]);
  const name = await freshStream();
  const other = { stream: { name, region: 'us-east-1', endpoint: it.proxy.url } };
  await expect(it.relay(other)).rejects.toThrow(
    `this outbox belongs to stream '${it.stream}' and the relay is configured for '${name}'`,
  );
});

test('with nothing pending and no relay of the old stream, the outbox changes its stream', async () => {
  const it = await scene();
  const first = await it.relay();
  const other = { stream: { name: await freshStream(), region: 'us-east-1', endpoint: it.proxy.url } };
  await until('it holds leases', async () => {
    const [rows] = await it.database.query('SELECT 1 FROM banyan_outbox_lease WHERE owner IS NOT NULL');
    return (rows as unknown[]).length === 64;
  });
  await expect(it.relay(other)).rejects.toThrow('no relay of');
  await first.stop();
  await it.relay(other);
  await it.append(['a', 1]);
  await drained(it);
  expect(await it.published()).toEqual({});
});
