import { expect, test } from 'vitest';
import { until } from '../support/until.ts';
import { relayChildren } from './relay-children.ts';
import { drained, IMPATIENT, numbers, scene, type Scene } from './support.ts';

/** How many buckets each relay holds, most first. */
async function shares({ database }: Scene): Promise<number[]> {
  const [rows] = await database.query(
    `SELECT COUNT(*) AS count FROM banyan_outbox_lease
      WHERE owner IS NOT NULL AND expires_at > CURRENT_TIMESTAMP(6) GROUP BY owner ORDER BY count DESC`,
  );
  return (rows as { count: number }[]).map(({ count }) => count);
}
const settlesAt = (it: Scene, expected: number[]) =>
  until(`the shares are ${expected.join('/')}`, async () => String(await shares(it)) === String(expected));

test('relays share the buckets evenly when one joins and when one leaves, while events flow', async () => {
  const it = await scene();
  let writing = true;
  const writer = (async () => {
    for (let n = 1; writing; n++)
      await it.append(...numbers(20).map((key): [string, number] => [`k${key}`, n]));
  })();
  const first = await it.relay({ ...IMPATIENT, name: 'first' });
  await settlesAt(it, [64]);
  await it.relay({ ...IMPATIENT, name: 'second' });
  await settlesAt(it, [32, 32]);
  await it.relay({ ...IMPATIENT, name: 'third' });
  await settlesAt(it, [22, 22, 20]);
  await first.stop();
  await settlesAt(it, [32, 32]);
  writing = false;
  await writer;
  await drained(it);
  for (const ns of Object.values(await it.firstDeliveries())) expect(ns).toEqual(numbers(ns.length));
  const [epochs] = await it.database.query('SELECT MAX(epoch) AS epoch FROM banyan_outbox_lease');
  expect((epochs as { epoch: number }[])[0]!.epoch).toBeGreaterThan(1);
});

test('a relay that is killed is taken over when its leases and its last request have ended', async () => {
  const it = await scene();
  const killed = relayChildren(it)({ name: 'killed', ...IMPATIENT });
  await settlesAt(it, [64]);
  await it.append(['k', 1]);
  await drained(it);
  const at = performance.now();
  await killed.killed();
  await it.relay({ ...IMPATIENT, name: 'heir' });
  await it.append(['k', 2]);
  await drained(it);
  // Its renewal may be up to a third of a lease old.
  const waited = performance.now() - at;
  expect(waited).toBeGreaterThan(1_500 * (2 / 3) + 500 - 300);
  expect(waited).toBeLessThan(15_000);
  expect(await it.firstDeliveries()).toEqual({ 'thing:k': [1, 2] });
});

test('stopping lets the request in flight end, settles it and gives the leases back at once', async () => {
  const it = await scene();
  it.proxy.fault(({ operation }) =>
    operation === 'PutRecords' ? { kind: 'delay', milliseconds: 300 } : undefined,
  );
  const relay = await it.relay();
  await it.append(['k', 1], ['k', 2]);
  await until('a request is in flight', () => it.proxy.puts.length === 1);
  await relay.stop();
  expect(await it.states()).toEqual({ settled: 1, pending: 1, parked: 0 });
  expect(await shares(it)).toEqual([]);
  const [members] = await it.database.query('SELECT relay FROM banyan_outbox_relay');
  expect(members).toEqual([]);
});

test('what a relay has settled is counted by event type', async () => {
  const it = await scene();
  await it.relay({ ...IMPATIENT, name: 'counter' });
  await it.append(['a', 1, 'OrderPlaced'], ['b', 1, 'OrderPlaced'], ['a', 2, 'OrderCancelled']);
  await until('it is counted', async () => {
    const [rows] = await it.database.query(
      'SELECT relay, settled_by_type AS counts FROM banyan_outbox_relay',
    );
    const [{ relay, counts }] = rows as [{ relay: string; counts: string }];
    return relay.startsWith('counter~') && counts === '{"OrderPlaced":2,"OrderCancelled":1}';
  });
});
