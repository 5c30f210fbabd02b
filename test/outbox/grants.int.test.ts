import { createConnection, type Connection, type RowDataPacket } from 'mysql2/promise';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { install, installText, TABLE_SETS } from '../../control-plane/install/index.ts';
import { openPrismaStore } from '../../control-plane/store/prisma-store.ts';
import { mysqlInbox } from '../../consumer/mysql-inbox.ts';
import {
  countHeld,
  eraseHeld,
  findGaps,
  findKnown,
  handleKnown,
  passGap,
  readHeldEvent,
  readInboxAudit,
  skipKnown,
} from '../../consumer/operator/index.ts';
import { auditEvents } from '../../outbox/completeness/audit-events.ts';
import { forgetAudits, readCompleteness } from '../../outbox/completeness/read-completeness.ts';
import { append, type Execute } from '../../outbox/append.ts';
import { bindStream } from '../../outbox/bind-stream.ts';
import { claimBatch } from '../../outbox/claim-batch.ts';
import { appendHeartbeats, deleteHeartbeats } from '../../outbox/heartbeat.ts';
import { forgetLag, noteLag, readLagHistory } from '../../outbox/lag-history.ts';
import { readLag } from '../../outbox/lag.ts';
import { readLeases, releaseLeases, renewLeases, takeLeases } from '../../outbox/lease.ts';
import type { CloudEvent } from '../../outbox/event.ts';
import { noteConsumerLag, readConsumerLag } from '../../outbox/consumer-lag-history.ts';
import { mayHandOver } from '../../outbox/hand-over.ts';
import { findOpenTransaction } from '../../outbox/open-transactions.ts';
import {
  countEvents,
  countWaiting,
  discard,
  eraseEvents,
  findParked,
  readAudit,
  readEvent,
  readSuccessors,
  askForRedrive,
  readRedrives,
  redrive,
  sentOfKey,
} from '../../outbox/operator/index.ts';
import { cancelOrder } from '../../outbox/operator/cancel-order.ts';
import { forgetAuditPage } from '../../outbox/operator/forget-audit.ts';
import { forgetOrders } from '../../outbox/operator/forget-orders.ts';
import { redrivePage } from '../../outbox/operator/redrives.ts';
import { park } from '../../outbox/park.ts';
import { readPurgeOverdue } from '../../outbox/purge-overdue.ts';
import { purgePage } from '../../outbox/purge.ts';
import { heartbeat, leave } from '../../outbox/relay-member.ts';
import { readRelaysSeen } from '../../outbox/relays-seen.ts';
import { acceptServer, beat, readServer, rememberServer, stopRelays } from '../../outbox/server.ts';
import { readRecordLimit } from '../../outbox/read-record-limit.ts';
import { defineRegistry } from '../../outbox/registry/define-registry.ts';
import { settle } from '../../outbox/settle.ts';
import { skip } from '../../outbox/skip.ts';
import { writeRecordLimit } from '../../outbox/write-record-limit.ts';
import { collect } from '../support/collect.ts';
import { openDatabase, type Database } from '../../runtime/database.ts';
import { freshDatabase } from '../support/database.ts';

/** The users that the printed text names, created and granted by that very text. */
const ROLES = ['app', 'relay', 'operator', 'control', 'service'] as const;
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
const schema = {
  '~standard': { version: 1, vendor: 'any', validate: (value: unknown) => ({ value }) },
} as const;
const registry = defineRegistry({
  events: { T: { aggregate: 'order', versions: { 1: { schema } } } },
  aggregates: { order: { ordered: 'sequence' } },
});
const DENIED = /denied to user/;

describe('the application', () => {
  test('appends, with and without a time', async () => {
    await appendAs('app', 'a1');
    await append((sql, values) => as.app.execute(sql, values), event('a2'));
  });

  test('appends with a number, and reads what the stream takes', async () => {
    await root.query("INSERT INTO banyan_outbox_limit (stream, record_bytes) VALUES ('wide', 2000000)");
    const run: Execute = (sql, values) => as.app.execute(sql, values);
    expect(await readRecordLimit(run)).toBe(2_000_000);
    await append(run, event('a3'), { registry });
    await append(run, event('a3'), { registry });
    await root.query("DELETE FROM banyan_outbox WHERE aggregate_id = 'a3'");
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
  const idle = { inFlight: 0, unsettled: 0, acknowledgedAgo: undefined };

  test('remembers the server, gives its sign of life, stops all and accepts another', async () => {
    await rememberServer(as.relay, 'a', 'r');
    await beat(as.relay);
    await stopRelays(as.relay, 'lost');
    expect((await readServer(as.relay)).known).toMatchObject({ server: 'a', beat: 1, stopped: 'lost' });
    await acceptServer(as.relay, { server: 'b', by: 'ada', reason: 'planned' });
    expect((await readServer(as.relay)).known).toMatchObject({ server: 'b', stopped: null });
  });

  test('does all of its work', async () => {
    await bindStream(as.relay, 'one');
    await heartbeat(as.relay, 'r1', { ...idle, settledByType: {} }, times.lease);
    await heartbeat(as.relay, 'r1', { ...idle, settledByType: { T: 1 } }, times.lease);
    const buckets = Array.from({ length: 64 }, (_, bucket) => bucket);
    expect(await takeLeases(as.relay, 'r1', buckets, times)).toBe(64);
    await renewLeases(as.relay, 'r1', times);
    expect(await readLeases(as.relay, times)).toHaveLength(64);
    const rows = await collect(
      claimBatch(
        as.relay,
        buckets.map((bucket) => ({ buckets: [bucket], without: ['x'], limit: 10 })),
      ),
    );
    expect(rows).toHaveLength(3);
    const [first, ...others] = rows;
    expect(await park(as.relay, 'r1', { id: first!.id, bucket: first!.bucket, epoch: 1 }, 'poison')).toBe(
      true,
    );
    await appendAs('app', 'a3');
    const [skipped] = await collect(
      claimBatch(
        as.relay,
        buckets.map((bucket) => ({
          buckets: [bucket],
          without: rows.map(({ partition_key: key }) => key),
          limit: 10,
        })),
      ),
    );
    expect(await skip(as.relay, 'r1', { id: skipped!.id, bucket: skipped!.bucket, epoch: 1 }, 'poison')).toBe(
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
    await appendHeartbeats(as.relay, [{ eventId: 'beat', aggregateId: 'heartbeat-1', bucket: 1 }]);
    await deleteHeartbeats(as.relay, ['beat']);
    await releaseLeases(as.relay, 'r1', buckets, times);
    await bindStream(as.relay, 'two');
    await writeRecordLimit(as.relay, 'two', 1_048_576);
    await writeRecordLimit(as.relay, 'two', 2_097_152);
    await leave(as.relay, 'r1');
    await auditEvents(as.relay, { retention: 1_000 });
    await as.relay.query(
      'UPDATE banyan_outbox_completeness SET done_until = done_until - INTERVAL 25 MINUTE',
    );
    await auditEvents(as.relay, { retention: 1_000 });
    await forgetAudits(as.relay, 0);
    await noteLag(as.relay, [{ context: 'c', pending: 1, oldestAgeMs: 1, parked: 0 }]);
    await root.query(
      "INSERT INTO banyan_outbox_redrive (redrive, what, asked_by, total) VALUES ('r', '{}', 'a', 1)",
    );
    for (let page = (await readRedrives(as.relay, true))[0]; page;) page = await redrivePage(as.relay, page);
    expect((await readRedrives(as.relay))[0]).toMatchObject({ state: 'completed', done: 1 });
    expect((await forgetAuditPage(as.relay, { after: 0, size: 10, keep: -1_000 })).deleted).toBeGreaterThan(
      0,
    );
    await forgetOrders(as.relay, -1_000);
    expect(await readRedrives(as.relay)).toEqual([]);
    await forgetLag(as.relay, { stop: new AbortController().signal });
    expect((await readCompleteness(as.relay)).waitsFor ?? '').not.toContain('PROCESS');
  });

  test.each([
    "INSERT INTO banyan_outbox (event_id, source, type, aggregate_type, aggregate_id, data, state) VALUES ('x', '/m', 't', 'a', '1', '{}', 'settled')",
    "UPDATE banyan_outbox SET data = '{}'",
    "UPDATE banyan_outbox SET aggregate_id = '2'",
    'INSERT INTO banyan_outbox_lease (bucket) VALUES (64)',
    'DELETE FROM banyan_outbox_lease',
    'TRUNCATE banyan_outbox',
    'SELECT * FROM banyan_outbox_audit',
    "UPDATE banyan_outbox_audit SET actor = 'nobody'",
    'SELECT * FROM customer',
    'ALTER TABLE banyan_outbox ADD COLUMN extra INT',
    'UPDATE banyan_control SET revision = 1',
  ])('may not %s', (sql) => expect(as.relay.query(sql)).rejects.toThrow(DENIED));
});

describe('the operator', () => {
  test('moves types with numbers to another outbox', async () => {
    await root.query("INSERT INTO banyan_outbox_sequence VALUES ('order:moved', 1)");
    await mayHandOver(as.operator, as.operator, ['order']);
    await root.query("DELETE FROM banyan_outbox_sequence WHERE partition_key = 'order:moved'");
  });

  test('looks at parked events, sends them again and gives them up, audited', async () => {
    await root.query(
      "UPDATE banyan_outbox SET state = 'parked', parked_reason = 'why' WHERE state = 'pending'",
    );
    await appendAs('app', 'o1');
    await appendAs('app', 'o1');
    await root.query("UPDATE banyan_outbox SET state = 'parked' WHERE state = 'pending' LIMIT 1");
    const parked = await findParked(as.operator, {}, 10);
    const last = parked.at(-1)!;
    expect((await countWaiting(as.operator, [last])).get('order:o1')).toEqual({ events: 1, atLeast: false });
    expect(await readSuccessors(as.operator, last, 5)).toMatchObject([{ type: 'T', state: 'pending' }]);
    expect(await readEvent(as.operator, last.id)).toMatchObject({ data: '{"of":"o1"}' });
    expect(await redrive(as.operator, [last], { actor: 'ann' })).toBe(1);
    await root.query("UPDATE banyan_outbox SET state = 'parked' WHERE id = ?", [last.id]);
    expect(await discard(as.operator, [last], { actor: 'ann' })).toBe(1);
    expect(await readAudit(as.operator, { limit: 2 })).toMatchObject([
      { actor: 'ann', action: 'discarded' },
      { actor: 'ann', action: 'redriven' },
    ]);
    await askForRedrive(as.operator, { redrive: 'mine', what: {}, total: 0 }, { actor: 'ann' });
    expect(await cancelOrder(as.operator, { job: 'redrive', id: 'mine' }, { actor: 'ann' })).toBe(true);
    expect(await cancelOrder(as.operator, { job: 'replay', id: 'none' }, { actor: 'ann' })).toBe(false);
    await appendAs('app', 'o1');
    const { bucket, settled, pending } = await countEvents(as.operator, 'order:o1');
    expect([settled, pending]).toEqual([1, 2]);
    const erased = await eraseEvents(
      as.operator,
      { key: 'order:o1', bucket, pending: true },
      { actor: 'ann' },
    );
    expect(erased).toEqual({ kind: 'erased', events: 3 });
    expect(await sentOfKey(as.operator, 'order:o1')).toMatchObject([
      { stream: null, acknowledged: null, unsure: expect.any(String) },
    ]);
    await root.query('DELETE FROM banyan_outbox');
  });

  test.each([
    "INSERT INTO banyan_outbox (event_id, source, type, aggregate_type, aggregate_id, data) VALUES ('x', '/m', 't', 'a', '1', '{}')",
    'DELETE FROM banyan_outbox',
    "UPDATE banyan_outbox SET aggregate_id = '2'",
    "UPDATE banyan_outbox SET event_id = '2'",
    'UPDATE banyan_outbox_lease SET owner = NULL',
    "UPDATE banyan_outbox_audit SET actor = 'nobody'",
    'DELETE FROM banyan_outbox_audit',
    'DELETE FROM banyan_inbox',
    'UPDATE banyan_inbox_held SET number = 1',
    'DELETE FROM banyan_inbox_audit',
    'SELECT * FROM customer',
  ])('may not %s', (sql) => expect(as.operator.query(sql)).rejects.toThrow(DENIED));
});

describe('the control plane', () => {
  test('measures the lag', async () => {
    await appendAs('app', 'c1');
    expect((await readLag(as.control)).types.map(({ type, pending }) => [type, pending])).toContainEqual([
      'T',
      1,
    ]);
    expect(await readRelaysSeen(as.control)).toEqual([]);
    await readLagHistory(as.control, 10);
    await noteConsumerLag(as.control, [{ context: 'orders', figure: 'consumer', ageMs: 5 }]);
    const kept = await readConsumerLag(as.control, { end: Date.now() + 3_600_000, minutes: 120 });
    expect(kept).toHaveLength(1);
    await forgetLag(as.control, { from: 'banyan_outbox_consumer_lag', stop: AbortSignal.timeout(10_000) });
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

  test('keeps numbers, and its operator decides on what is held', async () => {
    const { numbers } = mysqlInbox(as.service);
    const of = { application: 'app', key: 'order:1' };
    const apply = (id: string, number: bigint) =>
      numbers!.apply(
        { application: 'app', stream: 's', shard: 'shard-0', sequenceNumber: '4' },
        { event: { id, type: 'T', data: {} } as CloudEvent, key: of.key, number },
        { effect: async () => {}, recorded: 0 },
      );
    const applyHeld = async () => (await numbers!.applyHeld('app', of.key, () => undefined)).outcome;
    const outcomes = [];
    for (const [id, number] of [
      ['n1', 1n],
      ['n3', 3n],
      ['n2', 2n],
      ['n1b', 1n],
      ['n2b', 2n],
      ['n6', 6n],
    ] as const)
      outcomes.push((await apply(id, number)).outcome);
    expect(outcomes).toEqual(['handled', 'gap', 'handled', 'known', 'known', 'gap']);
    expect(await applyHeld()).toBe('handled');
    expect((await numbers!.read('app')).known.events).toBe(2);
    expect(await numbers!.waiting('app', 10)).toMatchObject([{ last: 3n, first: 6n }]);
    const [first, second] = await findKnown(as.operator, {}, 10);
    expect(await findGaps(as.operator, {}, 10)).toHaveLength(1);
    expect(await readHeldEvent(as.operator, String(first!.id))).toMatchObject({ why: 'known' });
    expect(await passGap(as.operator, of, { actor: 'ann' })).toBe('4 to 5');
    expect(await handleKnown(as.operator, first!, { actor: 'ann' })).toBe(true);
    expect(await skipKnown(as.operator, second!, { actor: 'ann' })).toBe(true);
    expect(await readInboxAudit(as.operator, 10)).toHaveLength(3);
    expect([await applyHeld(), await applyHeld(), await applyHeld()]).toEqual(['handled', 'handled', 'none']);
    expect((await apply('n9', 9n)).outcome).toBe('gap');
    expect((await apply('n4b', 4n)).outcome).toBe('known');
    expect(await countHeld(as.operator, of.key)).toEqual({ waiting: 1, parked: 1, applications: ['app'] });
    expect(await eraseHeld(as.operator, of.key, { actor: 'ann' })).toEqual({ waiting: 1, parked: 1 });
    for (const [table, column] of [
      ['number', 'handled_at'],
      ['audit', 'at'],
    ])
      await root.query(`UPDATE banyan_inbox_${table} SET ${column} = ${column} - INTERVAL 366 DAY`);
    const page = await numbers!.purge('app');
    expect(page).toMatchObject({ deleted: 3, next: { table: 'audit' } });
    expect(await numbers!.purge('app', page.next)).toEqual({ deleted: 5, next: undefined });
  });

  test.each([
    "UPDATE banyan_inbox SET event_id = 'other'",
    'DELETE FROM banyan_inbox',
    'DELETE FROM banyan_checkpoint',
    'DELETE FROM banyan_inbox_sequence',
    'SELECT * FROM banyan_inbox_audit',
    'SELECT reason FROM banyan_inbox_audit',
    "UPDATE banyan_inbox_audit SET actor = 'nobody'",
    'SELECT id FROM banyan_outbox',
    'DROP TABLE banyan_inbox',
  ])('may not %s', (sql) => expect(as.service.query(sql)).rejects.toThrow(DENIED));
});
