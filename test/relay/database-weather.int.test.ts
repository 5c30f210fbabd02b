import { expect, onTestFinished, test } from 'vitest';
import { openDatabase } from '../../runtime/database.ts';
import { until } from '../support/until.ts';
import { drained, IMPATIENT, numbers, scene } from './support.ts';
import { startTcpGate } from './tcp-gate.ts';

/** A scene whose relays reach the database through a gate. */
async function gated() {
  const it = await scene();
  const gate = await startTcpGate(it.url);
  onTestFinished(() => gate.stop());
  const database = openDatabase(gate.url, { connectTimeout: 500 });
  onTestFinished(() => database.end().catch(() => {}));
  return {
    ...it,
    gate,
    relayBehindGate: (options = {}) => it.relay({ database, ops: '127.0.0.1:0', ...options }),
  };
}
const ready = async (opsUrl: string) => (await fetch(`${opsUrl}/readyz`)).text();

test('a relay started while the database is away begins when it is there', async () => {
  const it = await gated();
  await it.gate.cut();
  await it.append(['k', 1]);
  const relay = await it.relayBehindGate();
  expect(await ready(relay.opsUrl!)).toContain('not ready: database');
  await it.gate.open();
  await drained(it);
  await until('it is ready', async () => (await ready(relay.opsUrl!)) === 'ready\n');
});

test.each(['cut', 'freeze'] as const)(
  'with the database gone (%s) for longer than a lease nothing is sent without one, and the relay recovers',
  async (how) => {
    const it = await gated();
    const relay = await it.relayBehindGate(IMPATIENT);
    const ns = numbers(300);
    await it.append(...ns.slice(0, 100).map((n): [string, number] => [`k${n % 5}`, n]));
    await drained(it);
    // Many rows are in the relay's memory, and each takes a while.
    it.proxy.fault(() => ({ kind: 'delay', milliseconds: 100 }));
    await it.append(...ns.slice(100).map((n): [string, number] => [`k${n % 5}`, n]));
    await it.gate[how]();
    await until('the leases have expired', async () => {
      const [rows] = await it.database.query(
        'SELECT 1 FROM banyan_outbox_lease WHERE expires_at > CURRENT_TIMESTAMP(6)',
      );
      return (rows as unknown[]).length === 0;
    });
    const sent = it.proxy.puts.length;
    await until('it says so', async () => (await ready(relay.opsUrl!)).includes('not ready: database'));
    const at = performance.now();
    await until('half a second has passed', () => performance.now() - at > 500);
    expect(it.proxy.puts.length).toBe(sent);
    it.proxy.fault(() => undefined);
    await it.gate.open();
    await drained(it);
    for (const [key, found] of Object.entries(await it.published())) {
      const first = [...new Set(found)];
      expect(first, key).toEqual(ns.filter((n) => `thing:k${n % 5}` === key));
    }
  },
);

test('what was acknowledged while the database was away is settled when it is back, and not sent again', async () => {
  const it = await gated();
  await it.relayBehindGate();
  it.proxy.fault(() => ({ kind: 'delay', milliseconds: 200 }));
  await it.append(['k', 1]);
  await until('it is being sent', () => it.proxy.puts.length === 1);
  await it.gate.cut();
  await until('it is in the stream', async () => (await it.published())['thing:k']?.length === 1);
  const at = performance.now();
  await until('half a second has passed', () => performance.now() - at > 500);
  expect(await it.states()).toMatchObject({ pending: 1 });
  await it.gate.open();
  await drained(it);
  expect(await it.published()).toEqual({ 'thing:k': [1] });
});
