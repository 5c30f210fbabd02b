import { createConnection, type Connection, type RowDataPacket } from 'mysql2/promise';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { install, installText, TABLE_SETS } from '../../control-plane/install/index.ts';
import { openPrismaStore } from '../../control-plane/store/prisma-store.ts';
import { mysqlInbox } from '../../consumer/mysql-inbox.ts';
import { append } from '../../outbox/append.ts';
import { bindStream } from '../../outbox/bind-stream.ts';
import { claimBatch } from '../../outbox/claim-batch.ts';
import { readLag } from '../../outbox/lag.ts';
import { readLeases, releaseLeases, renewLeases, takeLeases } from '../../outbox/lease.ts';
import { findOpenTransaction } from '../../outbox/open-transactions.ts';
import { park } from '../../outbox/park.ts';
import { readPurgeOverdue } from '../../outbox/purge-overdue.ts';
import { purgePage } from '../../outbox/purge.ts';
import { heartbeat, leave } from '../../outbox/relay-member.ts';
import { readRelaysSeen } from '../../outbox/relays-seen.ts';
import { settle } from '../../outbox/settle.ts';
import { openDatabase, type Database } from '../../runtime/database.ts';
import { freshDatabase } from '../support/database.ts';

/** The users that the printed text names, created and granted by that very text. */
const ROLES = ['app', 'relay', 'control', 'service'] as const;
type Role = (typeof ROLES)[number];

let root: Connection;
let url: string;
let prefix: string;
const as = {} as Record<Role, Database>;
beforeAll(async () => {
  url = await freshDatabase();
  root = await createConnection({ uri: url, multipleStatements: true });
  await root.query('CREATE TABLE customer (id INT PRIMARY KEY)');
  const name = new URL(url).pathname.slice(1);
  prefix = `b${name.slice(-8)}`;
  const created = new Set<string>();
  for (const set of TABLE_SETS) {
    await install({ url, set });
    const [, rights] = installText(set, name).split('-- Rights');
    const text = rights!
      .replaceAll('-- CREATE USER', 'CREATE USER')
      .replaceAll('…', 'secret')
      .replaceAll("'banyan_", `'${prefix}_`)
      .split('\n')
      .filter((line) => !line.startsWith('CREATE USER') || (!created.has(line) && created.add(line)));
    await root.query(text.slice(1).join('\n'));
  }
  expect(created.size).toBe(ROLES.length);
  for (const role of ROLES) as[role] = openDatabase(urlOf(role), { connections: 3 });
});
function urlOf(role: Role): string {
  const mine = new URL(url);
  mine.username = `${prefix}_${role}`;
  mine.password = 'secret';
  return mine.href;
}
afterAll(async () => {
  for (const role of ROLES) {
    await as[role].end();
    await root.query(`DROP USER '${prefix}_${role}'@'%'`);
  }
  await root.end();
});

const event = (id: string) => ({ type: 'T', aggregate: { type: 'order', id }, data: { of: id } });
const appendAs = (role: Role, id: string) =>
  append((sql, values) => as[role].execute(sql, values), { ...event(id), time: new Date() });
const DENIED = /denied to user/;

describe('the application', () => {
  test('appends, with and without a time', async () => {
    await appendAs('app', 'a1');
    await append((sql, values) => as.app.execute(sql, values), event('a2'));
  });

  test('appends through a trigger that runs as it', async () => {
    await root.query(`GRANT SELECT, INSERT, TRIGGER ON customer TO '${prefix}_app'@'%'`);
    await root.query(
      `CREATE DEFINER = '${prefix}_app'@'%' TRIGGER tell AFTER INSERT ON customer FOR EACH ROW
         INSERT INTO banyan_outbox (event_id, source, type, aggregate_type, aggregate_id, data)
         VALUES (UUID(), '/monolith', 'row.customer.insert', 'customer', NEW.id, '{}')`,
    );
    await as.app.query('INSERT INTO customer VALUES (5)');
    const [rows] = await root.query<RowDataPacket[]>(
      "SELECT aggregate_id AS id FROM banyan_outbox WHERE aggregate_type = 'customer'",
    );
    expect(rows).toEqual([{ id: '5' }]);
  });

  test.each([
    'SELECT id FROM banyan_outbox',
    'DELETE FROM banyan_outbox',
    "UPDATE banyan_outbox SET state = 'settled'",
    "INSERT INTO banyan_outbox (event_id, source, type, aggregate_type, aggregate_id, data, state) VALUES ('x', '/m', 't', 'a', '1', '{}', 'settled')",
    "INSERT INTO banyan_outbox (event_id, source, type, aggregate_type, aggregate_id, data) VALUES ('x', '/m', 't', 'a', '1', '{}') ON DUPLICATE KEY UPDATE data = '{}'",
    'SELECT * FROM banyan_outbox_lease',
    'SELECT * FROM banyan_migration',
    'DROP TABLE banyan_outbox',
    'SELECT * FROM banyan_control',
  ])('may not %s', (sql) => expect(as.app.query(sql)).rejects.toThrow(DENIED));
});

describe('the relay', () => {
  const times = { lease: 10_000, requestTimeout: 3_000, stream: 'one' };

  test('does all of its work', async () => {
    await bindStream(as.relay, 'one');
    await heartbeat(as.relay, 'r1', {}, times.lease);
    await heartbeat(as.relay, 'r1', { T: 1 }, times.lease);
    const buckets = Array.from({ length: 64 }, (_, bucket) => bucket);
    expect(await takeLeases(as.relay, 'r1', buckets, times)).toBe(64);
    await renewLeases(as.relay, 'r1', times);
    expect(await readLeases(as.relay, times)).toHaveLength(64);
    const rows = await claimBatch(
      as.relay,
      buckets.map((bucket) => ({ bucket, without: ['x'], limit: 10 })),
    );
    expect(rows).toHaveLength(3);
    const [first, ...others] = rows;
    expect(await park(as.relay, 'r1', { id: first!.id, bucket: first!.bucket, epoch: 1 }, 'poison')).toBe(
      true,
    );
    const settled = others.map(({ id, bucket }) => ({
      id,
      bucket,
      epoch: 1,
      shardId: 's',
      sequenceNumber: '1',
    }));
    expect((await settle(as.relay, 'r1', settled)).size).toBe(2);
    const bucket = others[0]!.bucket;
    expect(await readPurgeOverdue(as.relay, -1_000)).toBeGreaterThan(0);
    const page = await purgePage(as.relay, { bucket, after: 0, retention: -1_000, size: 10 });
    expect(page.deleted).toBeGreaterThan(0);
    await releaseLeases(as.relay, 'r1', buckets, times);
    await bindStream(as.relay, 'two');
    await leave(as.relay, 'r1');
  });

  test.each([
    "INSERT INTO banyan_outbox (event_id, source, type, aggregate_type, aggregate_id, data) VALUES ('x', '/m', 't', 'a', '1', '{}')",
    "UPDATE banyan_outbox SET data = '{}'",
    "UPDATE banyan_outbox SET aggregate_id = '2'",
    'INSERT INTO banyan_outbox_lease (bucket) VALUES (64)',
    'DELETE FROM banyan_outbox_lease',
    'TRUNCATE banyan_outbox',
    'SELECT * FROM customer',
    'ALTER TABLE banyan_outbox ADD COLUMN extra INT',
    'UPDATE banyan_control SET revision = 1',
  ])('may not %s', (sql) => expect(as.relay.query(sql)).rejects.toThrow(DENIED));
});

describe('the control plane', () => {
  test('measures the lag', async () => {
    await appendAs('app', 'c1');
    expect((await readLag(as.control)).types.map(({ type, pending }) => [type, pending])).toContainEqual([
      'T',
      1,
    ]);
    expect(await readRelaysSeen(as.control)).toEqual([]);
  });

  test('names the open transaction, and says which right is missing without PROCESS', async () => {
    const writer = await createConnection({ uri: url });
    await writer.beginTransaction();
    await append((sql, values) => writer.execute(sql, values), event('held'));
    expect(await findOpenTransaction(as.control)).toMatchObject({ state: 'open', thread: writer.threadId });
    const missing = `GRANT PROCESS ON *.* TO '${prefix}_control'@'%'`;
    await root.query(missing.replace('GRANT', 'REVOKE').replace(' TO ', ' FROM '));
    // A right on the whole server counts for connections made after the change.
    const now = openDatabase(urlOf('control'), { connections: 1 });
    expect(await findOpenTransaction(now)).toMatchObject({ state: 'unknown', missing });
    await now.end();
    await root.query(missing);
    await writer.rollback();
    await writer.end();
  });

  test('keeps stages and audit', async () => {
    const store = openPrismaStore({
      database: urlOf('control'),
      first: { inventory: { reads: { stage: 'legacy' }, writes: { stage: 'legacy' } } },
    });
    try {
      const { generation, revision } = await store.read();
      await store.confirm({ gateway: 'g1', generation, revision, writesInFlight: {} });
      const author = { actor: 'ann', reason: 'why' };
      await store.change('inventory', (now) => ({ ...now, reads: { stage: 'extracted' } }), author);
      await store.undo('inventory', () => {}, author);
      expect(await store.audit()).toHaveLength(3);
      expect(await store.gateways()).toHaveLength(1);
      await store.leave('g1');
    } finally {
      await store.close();
    }
  });

  test.each([
    'SELECT data FROM banyan_outbox',
    'SELECT * FROM banyan_outbox',
    "UPDATE banyan_outbox SET state = 'settled'",
    'DELETE FROM banyan_outbox',
    'UPDATE banyan_outbox_lease SET owner = NULL',
    "UPDATE banyan_audit SET actor = 'nobody'",
    'DELETE FROM banyan_audit',
    'DELETE FROM banyan_control',
    'SELECT * FROM customer',
    'DROP TABLE banyan_audit',
  ])('may not %s', (sql) => expect(as.control.query(sql)).rejects.toThrow(DENIED));
});

describe('the extracted service', () => {
  test('remembers what it has handled, and how far it is', async () => {
    const inbox = mysqlInbox(as.service);
    const at = { application: 'app', stream: 's', shard: 'shard-0' };
    expect(await inbox.apply({ ...at, sequenceNumber: '1' }, 'e1', async () => {})).toBe('handled');
    expect(await inbox.apply({ ...at, sequenceNumber: '2' }, 'e1', async () => {})).toBe('duplicate');
    await inbox.advance({ ...at, sequenceNumber: '3' });
    expect(await inbox.checkpoint(at)).toBe('3');
  });

  test.each([
    "UPDATE banyan_inbox SET event_id = 'other'",
    'DELETE FROM banyan_inbox',
    'DELETE FROM banyan_checkpoint',
    'SELECT id FROM banyan_outbox',
    'DROP TABLE banyan_inbox',
  ])('may not %s', (sql) => expect(as.service.query(sql)).rejects.toThrow(DENIED));
});
