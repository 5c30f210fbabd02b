import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createConnection } from 'mysql2/promise';
import { pino } from 'pino';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { install } from '../../control-plane/install/index.ts';
import { startDatabase, type PrivateServer } from '../../demo/servers/database.ts';
import { acceptServer, readServer } from '../../outbox/server.ts';
import { watchServer, type ServerWatchOptions } from '../../relay/watch-server.ts';
import { openDatabase } from '../../runtime/database.ts';
import { banyan } from '../cli/support/banyan.ts';
import { createDatabase, freshDatabase } from '../support/database.ts';
import { until } from '../support/until.ts';
import { drained, scene } from './support.ts';
import { startTcpGate } from './tcp-gate.ts';

let other: PrivateServer;
beforeAll(async () => void (other = await startDatabase()));
afterAll(() => other.stop());

const ready = async (opsUrl: string) => (await fetch(`${opsUrl}/readyz`)).text();
const stoppedBy = async (opsUrl: string) =>
  /^banyan_relay_stopped\{why="(.*)"\} 1$/m.exec(await (await fetch(`${opsUrl}/metrics`)).text())?.[1];

test('on a server that turns read-only nothing is sent; it goes on when the server takes writes again', async () => {
  const it = await scene(await createDatabase(other.url, 'outbox'));
  const relay = await it.relay({ ops: '127.0.0.1:0', lease: 2_000, requestTimeout: 1_000 });
  await it.append(['k', 1]);
  await drained(it);
  await it.database.query('SET GLOBAL read_only = ON');
  onTestFinished(() => it.database.query('SET GLOBAL read_only = OFF').catch(() => {}) as Promise<void>);
  await until('it says so', async () =>
    (await ready(relay.opsUrl!)).includes('not ready: server: read_only'),
  );
  expect(await stoppedBy(relay.opsUrl!)).toBe('read-only');
  const sent = it.proxy.puts.length;
  // The test's own user may write all the same; the relay could too, and doesn't.
  await it.append(['k', 2]);
  const at = performance.now();
  await until('half a second has passed', () => performance.now() - at > 500);
  expect(it.proxy.puts.length).toBe(sent);
  await it.database.query('SET GLOBAL read_only = OFF');
  await drained(it);
  expect(await it.firstDeliveries()).toEqual({ 'thing:k': [1, 2] });
  await until('it is ready', async () => (await ready(relay.opsUrl!)) === 'ready\n');
  expect(await stoppedBy(relay.opsUrl!)).toBeUndefined();
});

test('after a failover to a replica that lacks commits nothing is sent until somebody accepts the server', async () => {
  const it = await scene();
  const gate = await startTcpGate(it.url);
  onTestFinished(() => gate.stop());
  const database = openDatabase(gate.url, { connectTimeout: 2_000 });
  onTestFinished(() => database.end().catch(() => {}));
  const relay = await it.relay({ database, ops: '127.0.0.1:0', lease: 2_000, requestTimeout: 1_000 });
  await it.append(['k', 1]);
  await drained(it);

  // The replica has the binding and an early sign of life, and none of the events.
  const name = it.url.split('/').at(-1)!;
  const replicaUrl = `${other.url}/${name}`;
  const admin = await createConnection(other.url);
  await admin.query(`CREATE DATABASE ${name}`);
  await admin.end();
  await install({ url: replicaUrl, set: 'outbox' });
  const replica = openDatabase(replicaUrl);
  onTestFinished(() => replica.end());
  const { known } = await readServer(it.database);
  await replica.query('INSERT INTO banyan_outbox_stream (stream) VALUES (?)', [it.stream]);
  await replica.query(
    "INSERT INTO banyan_outbox_server (server, beat, accepted_by) VALUES (?, 0, 'replica')",
    [known!.server],
  );
  await replica.query(
    `INSERT INTO banyan_outbox (event_id, source, type, aggregate_type, aggregate_id, data)
     VALUES ('after', '/m', 'T', 'thing', 'k', '{"n":2}')`,
  );
  await gate.cut();
  gate.redirect(other.url);
  const sent = it.proxy.puts.length;
  await gate.open();
  await until('it says so', async () => (await ready(relay.opsUrl!)).includes('has lost what was committed'));
  expect(await stoppedBy(relay.opsUrl!)).toBe('history-lost');
  // Every relay stops, one that starts now too.
  const late = await it.relay({ database, ops: '127.0.0.1:0', lease: 2_000, requestTimeout: 1_000 });
  await until('so does one that starts', async () => (await stoppedBy(late.opsUrl!)) === 'history-lost');
  expect(it.proxy.puts.length).toBe(sent);

  const folder = await mkdtemp(join(tmpdir(), 'banyan-server-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  await writeFile(
    join(folder, 'banyan.yaml'),
    `upstreams: { monolith: { url: http://127.0.0.1:3000 } }\noutbox: { database: '${gate.url}' }\n`,
  );
  const accepted = await banyan(['relay', 'accept-server', '--reason', 'two rows lost', '--by', 'ada'], {
    cwd: folder,
  });
  expect(accepted, accepted.stderr).toMatchObject({
    exitCode: 0,
    stdout: expect.stringMatching(/^accepted by ada: /),
  });
  await until('it goes on', async () => (await it.firstDeliveries())['thing:k']?.length === 2);
  expect(await it.firstDeliveries()).toEqual({ 'thing:k': [1, 2] });
  const [rows] = await replica.query('SELECT accepted_by, reason, stopped FROM banyan_outbox_server');
  expect(rows).toEqual([{ accepted_by: 'ada', reason: 'two rows lost', stopped: null }]);
});

async function watched(failover: ServerWatchOptions['failover'] = 'stop') {
  const database = openDatabase(await freshDatabase('outbox'), { connections: 2 });
  onTestFinished(() => database.end());
  const log = pino({ enabled: false });
  const watch = () => watchServer(database, { owner: 'r', failover, log });
  const first = watch();
  await first.check(5_000);
  return { database, watch, first };
}

test('another server stops a relay until it is accepted, and nothing is sendable before the first look', async () => {
  const { database, watch, first } = await watched();
  expect(first.sendable).toBe(true);
  const { server } = await readServer(database);
  await database.query("UPDATE banyan_outbox_server SET server = 'the old one'");
  await expect(first.check(5_000)).rejects.toThrow(/the events were sent from the old one .* accept-server/);
  expect([first.sendable, first.stopped]).toEqual([false, 'another-server']);
  const late = watch();
  expect(late.sendable).toBe(false);
  await expect(late.check(5_000)).rejects.toMatchObject({ why: 'another-server' });
  await acceptServer(database, { server, by: 'ada', reason: 'planned' });
  await Promise.all([first.check(5_000), late.check(5_000)]);
  expect([first.sendable, late.sendable, first.stopped]).toEqual([true, true, undefined]);
});

test('`follow` goes on on another server, and not where a sign of life is missing', async () => {
  const { database, first } = await watched('follow');
  await database.query("UPDATE banyan_outbox_server SET server = 'the old one'");
  await first.check(5_000);
  expect(first.sendable).toBe(true);
  expect((await readServer(database)).known!.server).not.toBe('the old one');
  await database.query('UPDATE banyan_outbox_server SET beat = beat - 1');
  await expect(first.check(5_000)).rejects.toMatchObject({ why: 'history-lost' });
});

test('a restore on the same server stops the relays that knew more, and those that start later', async () => {
  const { database, watch, first } = await watched();
  await first.check(5_000);
  await database.query('UPDATE banyan_outbox_server SET beat = beat - 1');
  await expect(first.check(5_000)).rejects.toMatchObject({ why: 'history-lost' });
  await expect(watch().check(5_000)).rejects.toMatchObject({ why: 'history-lost' });
});
