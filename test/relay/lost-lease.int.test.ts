import { expect, test } from 'vitest';
import { until } from '../support/until.ts';
import { drained, scene, type Scene } from './support.ts';

/** Looks at its leases every two seconds only: what is lost shows when it is to be settled. */
const slow = { lease: 6_000, requestTimeout: 3_000, ops: '127.0.0.1:0' };

/** Gives the bucket of that aggregate to another relay, as after a lease that ran out unnoticed. */
const steal = ({ database }: Scene, id: string) =>
  database.query(
    `UPDATE banyan_outbox_lease SET owner = 'thief', epoch = epoch + 1 WHERE bucket = CRC32(CONCAT('thing:', ?)) MOD 64`,
    [id],
  );
const metrics = async (opsUrl: string) => (await fetch(`${opsUrl}/metrics`)).text();

test('what was acknowledged under a lost lease is not counted as settled, and not sent again and again', async () => {
  const it = await scene();
  const relay = await it.relay(slow);
  await it.append(['mine', 1], ['lost', 1]);
  await drained(it);
  await steal(it, 'lost');
  await it.append(['lost', 2, 'Stolen']);
  await until('it is given up', async () =>
    /^banyan_relay_abandoned_total 1$/m.test(await metrics(relay.opsUrl!)),
  );
  await it.append(['mine', 2]);
  await until('the other key goes on', async () => (await it.states()).settled === 3);
  expect(await it.published()).toEqual({ 'thing:mine': [1, 2], 'thing:lost': [1, 2] });
  await until('it has told what it settled', async () => {
    const [rows] = await it.database.query('SELECT settled_by_type AS counts FROM banyan_outbox_relay');
    return (rows as { counts: string }[])[0]!.counts === '{"ThingHappened":3}';
  });
  expect(await it.states()).toEqual({ pending: 1, settled: 3, parked: 0 });
});

test('a poison event of a lost lease is neither counted nor logged as parked', async () => {
  const it = await scene();
  const relay = await it.relay(slow);
  await it.append(['lost', 1]);
  await drained(it);
  await steal(it, 'lost');
  await it.database.query(
    `INSERT INTO banyan_outbox (event_id, source, type, aggregate_type, aggregate_id, data)
     VALUES ('large', '/monolith', 'T', 'thing', 'lost', JSON_QUOTE(REPEAT('x', 1048576)))`,
  );
  await until('it is given up', async () =>
    /^banyan_relay_abandoned_total 1$/m.test(await metrics(relay.opsUrl!)),
  );
  expect(await metrics(relay.opsUrl!)).toMatch(/^banyan_relay_parked_total 0$/m);
  expect(it.logged.filter((line) => line.includes('parked'))).toEqual([]);
  expect(await it.states()).toEqual({ pending: 1, settled: 1, parked: 0 });
});
