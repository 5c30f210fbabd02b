import { createConnection, type ResultSetHeader } from 'mysql2/promise';
import { expect, inject, onTestFinished, test } from 'vitest';
import { auditEvents } from '../../../outbox/completeness/audit-events.ts';
import { readCompleteness, type CompletenessReport } from '../../../outbox/completeness/read-completeness.ts';
import { firstIdAt } from '../../../outbox/completeness/read-window.ts';
import { purgePage } from '../../../outbox/purge.ts';
import { openDatabase, type Database } from '../../../runtime/database.ts';
import { freshDatabase } from '../../support/database.ts';
import { untilOpenTransactions } from '../../support/until.ts';

const RETENTION = 604_800_000;

/** An outbox whose audit began an hour ago, or just now. */
async function audited(ago = 60): Promise<Database & { url: string }> {
  const url = await freshDatabase('outbox');
  const database = openDatabase(url);
  onTestFinished(() => database.end());
  await auditEvents(database, { retention: RETENTION });
  await database.query(
    'UPDATE banyan_outbox_completeness SET began_at = began_at - INTERVAL ? MINUTE, done_until = done_until - INTERVAL ? MINUTE',
    [ago, ago],
  );
  return Object.assign(database, { url });
}

interface Made {
  readonly key?: string;
  readonly sequence?: number | null;
  readonly type?: string;
  readonly state?: 'pending' | 'settled';
  readonly sent?: boolean;
  /** Minutes since its append. */
  readonly ago?: number;
  /** Whether its receipt says what became of it, and not its own columns. */
  readonly receipt?: boolean;
}

/** Rows as writers and a relay leave them; the counter of a numbered key is what its greatest number asks for. */
async function rows(database: Database, made: readonly Made[]): Promise<void> {
  for (const {
    key = '1',
    sequence = null,
    type = 'OrderPlaced',
    state = 'settled',
    sent = true,
    ago = 30,
    receipt = true,
  } of made) {
    const settled = state === 'settled' ? 'CURRENT_TIMESTAMP(6)' : 'NULL';
    const told = "1, 'shardId-000000000000', '4957'";
    const acknowledged = state === 'settled' && sent;
    const ended = acknowledged && !receipt ? `${told}, 'acknowledged'` : 'NULL, NULL, NULL, NULL';
    const [{ insertId }] = await database.query<ResultSetHeader>(
      `INSERT INTO banyan_outbox (event_id, source, type, aggregate_type, aggregate_id, data, sequence, state, server_clock, appended_at,
         settled_at, settled_epoch, shard_id, sequence_number, outcome)
       VALUES (?, '/m', ?, 'order', ?, '1', ?, ?, NULL, CURRENT_TIMESTAMP(6) - INTERVAL ? MINUTE, ${settled}, ${ended})`,
      [`${key}-${sequence ?? Math.random()}`, type, key, sequence, state, ago],
    );
    if (acknowledged && receipt)
      await database.query(
        `INSERT INTO banyan_outbox_receipt (id, settled_epoch, shard_id, sequence_number) VALUES (?, ${told})`,
        [insertId],
      );
    if (sequence !== null)
      await database.query(
        `INSERT INTO banyan_outbox_sequence (partition_key, sequence) VALUES (CONCAT('order:', ?), ?)
             ON DUPLICATE KEY UPDATE sequence = GREATEST(sequence, VALUES(sequence))`,
        [key, sequence],
      );
  }
  await database.query('UPDATE banyan_outbox_lease SET epoch = 1');
}

/** Looks until every window of the last hour is gone through. */
async function look(database: Database): Promise<CompletenessReport> {
  return untilOpenTransactions('the windows are gone through', async () => {
    await auditEvents(database, { retention: RETENTION });
    const report = await readCompleteness(database);
    return report.waitsFor === null && report.behindMs! < 800_000 ? report : undefined;
  });
}

const told = ({ holes }: CompletenessReport) =>
  holes.map(({ kind, key, told: what }) => `${kind} ${key}: ${what}`);

test('numbered events that were all acknowledged are shown to be complete', async () => {
  const database = await audited();
  await rows(database, [
    // Settled before there were receipts.
    { sequence: 1, receipt: false },
    { sequence: 2 },
    { key: '2', sequence: 1 },
    { sequence: 3, ago: 20 },
  ]);
  const report = await look(database);
  expect(report).toMatchObject({ verdict: 'complete', waitsFor: null, holes: [] });
  const found = report.windows.flatMap(({ types }) => types['OrderPlaced'] ?? []);
  expect(found.reduce((sum, { acknowledged }) => sum + acknowledged, 0)).toBe(4);
});

test('a pending row that is deleted and an unsent one that is settled are both named, of numbered types', async () => {
  const database = await audited();
  await rows(database, [
    { sequence: 1 },
    { sequence: 2, state: 'pending' },
    { sequence: 3 },
    { key: '2', sequence: 1, state: 'pending' },
  ]);
  await database.query("DELETE FROM banyan_outbox WHERE event_id = '1-2'");
  await database.query(
    "UPDATE banyan_outbox SET state = 'settled', settled_at = NOW(6) WHERE event_id = '2-1'",
  );
  const report = await look(database);
  expect(report.verdict).toBe('hole');
  expect(told(report).toSorted()).toEqual([
    'missing order:1: number 2 stands in no row; number 3 is event 1-3 (OrderPlaced)',
    'unsent order:2: settled without an outcome and without the number that the stream gives: not sent',
  ]);
  expect(report.holes.find(({ kind }) => kind === 'unsent')).toMatchObject({
    eventId: '2-1',
    type: 'OrderPlaced',
  });
});

test('of types without numbers the unsent one is named, and the type reads not provable', async () => {
  const database = await audited();
  await rows(database, [{ state: 'pending' }, { key: '2', state: 'pending' }, { key: '3' }]);
  await database.query("DELETE FROM banyan_outbox WHERE aggregate_id = '1'");
  const deleted = await look(database);
  expect(deleted.windows.filter(({ why }) => why !== null)).toMatchObject([
    { why: 'events without numbers: OrderPlaced', types: { OrderPlaced: { provable: false } } },
  ]);
  expect(deleted).toMatchObject({ verdict: 'not provable', holes: [] });
  await database.query("UPDATE banyan_outbox SET state = 'settled' WHERE aggregate_id = '2'");
  expect(told(await look(database))).toEqual([expect.stringMatching(/^unsent order:2: /)]);
});

test('a pending row that a look has seen is named when it vanishes, with or without a number', async () => {
  const database = await audited();
  await rows(database, [{ state: 'pending', ago: 0 }]);
  await auditEvents(database, { retention: RETENTION });
  await database.query('DELETE FROM banyan_outbox');
  const report = await look(database);
  expect(told(report)).toEqual([expect.stringMatching(/^vanished order:1: it was pending or parked at 20/)]);
});

test('the last event of a key is missed too, by the counter that numbered it', async () => {
  const database = await audited();
  await rows(database, [{ sequence: 1 }, { sequence: 2, state: 'pending' }]);
  await database.query("DELETE FROM banyan_outbox WHERE event_id = '1-2'");
  await look(database);
  // The counters were noted at that look; a window that ends after it shows that no row is to come.
  await database.query(
    'UPDATE banyan_outbox_completeness SET done_until = done_until - INTERVAL 1 HOUR, expected_at = expected_at - INTERVAL 1 HOUR',
  );
  expect(told(await look(database))).toEqual([
    'missing order:1: 1 of its numbers 2 to 2 were given and stand in no row',
  ]);
});

test('purging doesn’t break the chain of numbers', async () => {
  const database = await audited();
  await rows(database, [
    { sequence: 1, ago: 40 },
    { sequence: 2, ago: 40 },
  ]);
  await look(database);
  for (let bucket = 0; bucket < 64; bucket += 1)
    await purgePage(database, { bucket, after: 0, retention: 0, size: 500 });
  await database.query('UPDATE banyan_outbox_completeness SET done_until = done_until - INTERVAL 25 MINUTE');
  await rows(database, [{ sequence: 3, ago: 20 }]);
  expect(await look(database)).toMatchObject({ verdict: 'complete', holes: [] });
});

test('two looks at once find what one finds', async () => {
  const database = await audited();
  await rows(database, [{ sequence: 1 }, { sequence: 2 }, { sequence: 4 }, { key: '2', sequence: 1 }]);
  await Promise.all([look(database), look(database)]);
  expect(told(await look(database))).toEqual([
    'missing order:1: number 3 stands in no row; number 4 is event 1-4 (OrderPlaced)',
  ]);
});

test('a window stays open while a transaction does that may have appended in it', async () => {
  const database = await audited(0);
  const writer = await createConnection(database.url);
  onTestFinished(() => writer.end());
  await writer.beginTransaction();
  await writer.query(
    "INSERT INTO banyan_outbox (event_id, source, type, aggregate_type, aggregate_id, data) VALUES ('held', '/m', 'T', 'a', '1', '1')",
  );
  const held = await untilOpenTransactions('it is seen', async () => {
    await auditEvents(database, { retention: RETENTION, window: 1_000, safe: 0 });
    const report = await readCompleteness(database);
    return report.waitsFor?.startsWith('thread') ? report : undefined;
  });
  expect(held.waitsFor).toMatch(new RegExp(`^thread ${writer.threadId} has held events back for \\d+ s$`));
  const before = held.doneUntil!;
  await auditEvents(database, { retention: RETENTION, window: 1_000, safe: 0 });
  const after = await readCompleteness(database);
  expect(Date.parse(after.doneUntil!) - Date.parse(before)).toBeLessThanOrEqual(1_000);
  await writer.commit();
  await untilOpenTransactions('its window is closed, and shows it', async () => {
    await auditEvents(database, { retention: RETENTION, window: 1_000, safe: 0 });
    return (await readCompleteness(database)).windows.some(({ types }) => types['T']?.open === 1);
  });
});

test('where open transactions can’t be seen nothing is shown, and the right that is missing is named', async () => {
  const database = await audited();
  const root = await createConnection({ uri: inject('databaseServer') });
  const schema = new URL(database.url).pathname.slice(1);
  const user = `blind_${schema.slice(-8)}`;
  await root.query(`CREATE USER '${user}'@'%' IDENTIFIED BY 'x'`);
  onTestFinished(async () => {
    await root.query(`DROP USER '${user}'@'%'`);
    await root.end();
  });
  await root.query(`GRANT ALL ON ${schema}.* TO '${user}'@'%'`);
  const blind = openDatabase(database.url.replace(/\/\/[^@]*@/, `//${user}:x@`));
  onTestFinished(() => blind.end());
  expect(await auditEvents(blind, { retention: RETENTION })).toBe(0);
  const report = await readCompleteness(blind);
  expect(report.verdict).toBe('not provable');
  expect(report.waitsFor).toMatch(/^open transactions can't be seen: .*GRANT PROCESS ON \*\.\* TO 'blind_/);
});

test('the first row of a time is found whatever the length of its id', async () => {
  const database = await audited();
  await rows(
    database,
    Array.from({ length: 12 }, (_, index) => ({ sequence: index + 1, ago: 40 - index })),
  );
  const [[now]] = (await database.query('SELECT UNIX_TIMESTAMP() * 1000 AS at')) as unknown as [
    [{ at: number }],
  ];
  for (const [ago, id] of [
    [60, 1n],
    [38.5, 3n],
    [31.5, 10n],
    [29.5, 12n],
    [10, undefined],
  ] as const)
    expect(await firstIdAt(database, now.at - ago * 60_000)).toBe(id);
});
