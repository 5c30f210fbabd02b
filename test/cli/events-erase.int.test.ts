import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, inject, onTestFinished, test } from 'vitest';
import { mysqlInbox } from '../../consumer/index.ts';
import { append } from '../../outbox/append.ts';
import { openDatabase } from '../../runtime/database.ts';
import { numberedEvent } from '../consumer/events.ts';
import { send } from '../gateway/support/client.ts';
import { freshFolder } from '../gateway/support/gateway.ts';
import { closedUrl, startUpstream } from '../gateway/support/upstream.ts';
import { json, reportOf, shadowing, untilCounted } from '../gateway/shadow/support.ts';
import { freshDatabase } from '../support/database.ts';
import { freshStream } from '../support/stream.ts';
import { banyan } from './support/banyan.ts';

const opsOf = ({ opsUrl }: { opsUrl: string }) => opsUrl.replace('http://', '');

test('a key is erased from outbox and examples, and it is said what stays in the stream until when', async () => {
  const monolith = await startUpstream('monolith', json({ name: 'Ada' }));
  const service = await startUpstream('inventory', json({ name: 'Ada L.' }));
  const gateway = await shadowing({ monolith: monolith.url, inventory: service.url }, '{ sample: 1 }');
  await send(gateway.url, '/inventory/a');
  await untilCounted(gateway, 'mismatch');
  const url = await freshDatabase('outbox');
  const database = openDatabase(url);
  onTestFinished(() => database.end());
  const of = (id: string) => ({ type: 'T', aggregate: { type: 'customer', id }, data: { name: 'Ada' } });
  await append((sql, values) => database.query(sql, values), [of('42'), of('42'), of('7')]);
  await database.query(
    `UPDATE banyan_outbox SET state = 'settled', outcome = 'acknowledged', sequence_number = '1',
            settled_at = NOW(6) ORDER BY id LIMIT 1`,
  );
  const cwd = await freshFolder();
  await writeFile(
    join(cwd, 'banyan.yaml'),
    `upstreams: { monolith: { url: http://127.0.0.1:3000 } }
gateway: { fleet: ['${opsOf(gateway)}'] }
outbox: { database: '${url}' }
stream: { name: ${await freshStream(1)}, endpoint: '${inject('kinesis')}' }
`,
  );
  const erase = (...args: string[]) =>
    banyan(['events', 'erase', '--key', 'customer:42', '--actor', 'ann', ...args], { cwd });

  const refused = await erase('--yes');
  expect(refused).toMatchObject({ exitCode: 1, stdout: '' });
  expect(refused.stderr).toContain('1 of the events of customer:42 have not been sent');

  // One gateway doesn't answer: it is named, and the rest is done.
  const away = (await closedUrl()).replace('http://', '');
  const partly = await erase('--pending', '--yes', '--ops', `${opsOf(gateway)},${away}`);
  expect(partly.exitCode).toBe(1);
  expect(partly.stdout).toContain('outbox: the data of 2 events of customer:42 is erased\n');
  expect(partly.stdout).toContain('examples: 1 (inventory 1) forgotten on 1 of 2 gateways\n');
  expect(partly.stdout).toContain(`! ${away} was not reached: connect ECONNREFUSED`);
  // One was pending: nobody knows whether a relay that was killed had sent it.
  expect(partly.stdout).toMatch(/^stream \S+: events that were erased while they were pending may be there/m);
  const [rows] = await database.query('SELECT data FROM banyan_outbox ORDER BY id');
  expect(rows).toEqual([
    { data: '{"erased":true}' },
    { data: '{"erased":true}' },
    { data: '{"name":"Ada"}' },
  ]);
  const report = await reportOf(gateway);
  expect(JSON.stringify(report)).not.toContain('Ada');
  expect(report.routes[0]!.counts.mismatch).toBe(1);

  const again = await erase('--yes', '--json');
  expect(again.exitCode).toBe(0);
  expect(JSON.parse(again.stdout)).toMatchObject({
    ...{ complete: true, key: 'customer:42', before: { settled: 2, erased: 2 } },
    ...{ outbox: { events: 0 }, gateways: [{ examples: 0 }] },
    streams: [{ kind: 'until', because: 'unsure' }],
  });
});

test('what a consumer holds of the key is erased in the inboxes that are named; what is not looked at is said', async () => {
  const url = await freshDatabase('outbox');
  const inbox = await freshDatabase('inbox');
  const database = openDatabase(inbox);
  onTestFinished(() => database.end());
  const { numbers } = mysqlInbox(database);
  for (const n of [1, 3, 1]) {
    const event = numberedEvent('42', n, { data: { n, name: 'Ada' } });
    await numbers!.apply(
      { application: 'counting', stream: 's', shard: 'shard' },
      { event, key: event.partitionkey, number: BigInt(n) },
      { effect: async () => {}, recorded: Date.now() },
    );
  }
  const cwd = await freshFolder();
  const ours = fileURLToPath(new URL('../../outbox/index.ts', import.meta.url));
  await writeFile(
    join(cwd, 'registry.ts'),
    `import { defineRegistry } from ${JSON.stringify(ours)};
const schema = { '~standard': { version: 1, vendor: 'own', validate: (value) => ({ value }) } };
export default defineRegistry({
  events: { Counted: { aggregate: 'counter', versions: { 1: { schema } }, personal: ['name'] } },
  aggregates: { counter: { ordered: 'sequence' } },
});\n`,
  );
  await writeFile(
    join(cwd, 'banyan.yaml'),
    `upstreams: { monolith: { url: http://127.0.0.1:3000 }, counting: { url: http://127.0.0.1:3001 } }
gateway: { fleet: [] }
registry: ./registry.ts
outbox: { database: '${url}' }
stream: { name: ${await freshStream(1)}, endpoint: '${inject('kinesis')}' }
contexts:
  counting: { upstream: counting, routes: [GET /a], events: [Counted], consumer: counting }
  billing: { upstream: counting, routes: [GET /b], consumer: billing }
`,
  );
  const erase = (...args: string[]) =>
    banyan(['events', 'erase', '--key', 'counter:42', '--actor', 'ann', '--yes', ...args], { cwd });
  const kept = async () => {
    const [rows] = await database.query('SELECT envelope FROM banyan_inbox_held');
    return JSON.stringify(rows);
  };

  const without = await erase();
  expect(without.stdout).toContain(
    '! not looked at: what consumers counting, billing may hold of it by numbers; name the inbox of each with --inbox\n',
  );
  expect(without.exitCode).toBe(1);
  expect(await kept()).toContain('Ada');
  // It is masked where it is shown.
  const [[row]] = (await database.query("SELECT id FROM banyan_inbox_held WHERE why = 'gap'")) as unknown as [
    [{ id: number }],
  ];
  const show = () => banyan(['held', 'show', String(row.id), '--database', inbox], { cwd });
  expect((await show()).stdout).toMatch(/^data +\{"n":3,"name":"\(text, 1 to 8 characters\)"\}$/m);

  const away = `mysql://root@${(await closedUrl()).replace('http://', '')}/inbox`;
  const partly = await erase('--inbox', inbox, '--inbox', away);
  const { host, pathname } = new URL(inbox);
  expect(partly.stdout).toContain(
    `inbox ${host}${pathname}: the data of 1 event that waits for a number and of 1 parked is erased; none of them will be handled\n`,
  );
  expect(partly.stdout).toMatch(/^! inbox 127\.0\.0\.1:\d+\/inbox: connect ECONNREFUSED/m);
  expect(partly.stdout).toContain('! not looked at: what consumer billing may hold');
  expect(partly.exitCode).toBe(1);
  expect(await kept()).not.toContain('Ada');
  expect((await show()).stdout).toMatch(/^data +\{"erased":true\}$/m);

  const again = await erase('--inbox', inbox, '--json');
  expect(JSON.parse(again.stdout)).toMatchObject({
    inboxes: [{ name: `${host}${pathname}`, waiting: 0, parked: 0 }],
    notAsked: ['billing'],
  });
  const wrong = await erase('--inbox', 'inbox');
  expect(wrong).toMatchObject({ exitCode: 2, stdout: '' });
});

test('each stream that the key was sent into is named, with its own day: that of its aggregate type, and those of replays', async () => {
  const url = await freshDatabase('outbox');
  const database = openDatabase(url);
  onTestFinished(() => database.end());
  const of = (id: string) => ({ type: 'T', aggregate: { type: 'customer', id }, data: { name: 'Ada' } });
  await append((sql, values) => database.query(sql, values), [of('42'), of('42'), of('7'), of('42')]);
  const [shop, people, analytics, late] = await Promise.all([1, 2, 3, 4].map(() => freshStream(1)));
  // The last one is a replay into another stream; each has a receipt, as a relay writes it.
  await database.query("UPDATE banyan_outbox SET state = 'settled'");
  await database.query(`UPDATE banyan_outbox SET stream = ?, replay = 'r1' ORDER BY id DESC LIMIT 1`, [
    analytics,
  ]);
  await database.query(
    `INSERT INTO banyan_outbox_receipt (id, settled_at, settled_epoch, shard_id, sequence_number)
     SELECT id, NOW(6) - INTERVAL IF(stream IS NULL, 2, 1) HOUR, 3, 's', '7' FROM banyan_outbox o
         ON DUPLICATE KEY UPDATE settled_epoch = 3`,
  );
  for (const [replay, what] of [
    ['r1', { types: ['T'], key: 'customer:7', stream: late }],
    ['r2', { types: ['T'], key: 'customer:42', stream: analytics }],
  ] as const)
    await database.query(
      `INSERT INTO banyan_outbox_replay (replay, what, asked_by, total, done) VALUES (?, ?, 'ann', 1, 1)`,
      [replay, JSON.stringify(what)],
    );
  const cwd = await freshFolder();
  await writeFile(
    join(cwd, 'banyan.yaml'),
    `upstreams: { monolith: { url: http://127.0.0.1:3000 }, people: { url: http://127.0.0.1:3001 } }
gateway: { fleet: [] }
outbox: { database: '${url}' }
stream: { name: ${shop}, endpoint: '${inject('kinesis')}' }
streams: { ${people}: {}, ${analytics}: {}, ${late}: {} }
contexts:
  people: { upstream: people, routes: [GET /a], aggregates: [customer], stream: ${people} }
`,
  );
  const args = ['events', 'erase', '--key', 'customer:42', '--yes', '--json'];
  const erased = JSON.parse((await banyan(args, { cwd })).stdout) as {
    streams: { name: string; until: string; because: string }[];
  };
  expect(erased.streams.map(({ name, because }) => [name, because])).toEqual([
    [people, 'last'],
    [analytics, 'last'],
  ]);
  const [first, second] = erased.streams.map(({ until }) => Date.parse(until));
  expect(second! - first!).toBeGreaterThan(3_500_000);
  expect(second! - first!).toBeLessThan(3_700_000);
});

test('the examples of one context alone are forgotten where that is asked for, and it is said that others are kept', async () => {
  const monolith = await startUpstream('monolith', json({ name: 'Ada' }));
  const service = await startUpstream('inventory', json({ name: 'Ada L.' }));
  const gateway = await shadowing({ monolith: monolith.url, inventory: service.url }, '{ sample: 1 }');
  await send(gateway.url, '/inventory/a');
  await untilCounted(gateway, 'mismatch');
  const kept = async () => (await reportOf(gateway)).routes.flatMap(({ examples }) => examples).length;
  const cwd = await freshFolder();
  await writeFile(
    join(cwd, 'banyan.yaml'),
    `upstreams: { monolith: { url: http://127.0.0.1:3000 }, service: { url: http://127.0.0.1:3001 } }
gateway: { fleet: ['${opsOf(gateway)}'] }
outbox: { database: '${await freshDatabase('outbox')}' }
contexts:
  inventory: { upstream: service, routes: [GET /a] }
  people: { upstream: service, routes: [GET /b] }
`,
  );
  const erase = (...args: string[]) =>
    banyan(['events', 'erase', '--key', 'customer:42', '--yes', ...args], { cwd });

  const typo = await erase('--examples-of', 'poeple');
  expect(typo).toMatchObject({ exitCode: 2, stdout: '' });
  expect(typo.stderr).toContain('required: a context of banyan.yaml: inventory, people');
  const unread = await fetch(`${gateway.opsUrl}/shadow/erase`, {
    ...{ method: 'POST', headers: { 'content-type': 'application/json' }, body: '{"context":"inventory"}' },
  });
  expect(unread.status).toBe(400);
  expect(await unread.json()).toMatchObject({ error: expect.stringContaining('nothing was forgotten') });

  const other = await erase('--examples-of', 'people');
  expect(other.stdout).toContain('examples: 0 forgotten on 1 of 1 gateway\n');
  expect(other.stdout).toContain(
    '! examples of other contexts than people are kept, and may tell of customer:42\n',
  );
  expect(other.exitCode).toBe(0);
  expect(await kept()).toBe(1);
  const both = await erase('--examples-of', 'people', '--examples-of', 'inventory');
  expect(both.stdout).toContain('examples: 1 (inventory 1) forgotten on 1 of 1 gateway\n');
  expect(await kept()).toBe(0);
});

test('a web page may not have a gateway forget its examples', async () => {
  const upstream = await startUpstream('monolith');
  const gateway = await shadowing({ monolith: upstream.url, inventory: upstream.url }, '{ sample: 1 }');
  const post = (headers: Record<string, string>) =>
    fetch(`${gateway.opsUrl}/shadow/erase`, { method: 'POST', headers, body: '{}' });
  const page = await post({ 'content-type': 'application/json', origin: 'https://shop.example' });
  const form = await post({ 'content-type': 'text/plain' });
  const read = await fetch(`${gateway.opsUrl}/shadow/erase`);
  expect([page.status, form.status, read.status]).toEqual([403, 415, 405]);
});
