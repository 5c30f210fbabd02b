import { randomBytes } from 'node:crypto';
import { expect, onTestFinished, test } from 'vitest';
import { append } from '../../outbox/append.ts';
import { moveOwnership, MoveRefused } from '../../outbox/move-ownership.ts';
import { auditEvents } from '../../outbox/completeness/audit-events.ts';
import { readCompleteness } from '../../outbox/completeness/read-completeness.ts';
import { readOwnership } from '../../outbox/ownership.ts';
import { openDatabase } from '../../runtime/database.ts';
import { sequenced } from '../consumer/counting.ts';
import { freshDatabase } from '../support/database.ts';
import { readStream } from '../support/stream.ts';
import { until, untilOpenTransactions } from '../support/until.ts';
import { drained, event, numbers, scene, type Scene } from './support.ts';

/** A lease short enough that relays are told soon. */
const TERMS = { lease: 1_200, requestTimeout: 600 };
const KEYS = numbers(20).map((key) => `k${key}`);

/** The monolith's outbox and a service's, whose relays send to one stream. */
async function two(): Promise<{ old: Scene; next: Scene }> {
  const old = await scene();
  const next = { ...(await scene(await freshDatabase('outbox'))), stream: old.stream };
  return { old, next };
}
const relayOf = (it: Scene, stream: string, name: string) =>
  it.relay({ ...TERMS, name, stream: { name: stream, region: 'us-east-1', endpoint: it.proxy.url } });
const places = ({ old, next }: { old: Scene; next: Scene }) => ({
  from: { database: old.database, name: 'monolith' },
  to: { database: next.database, name: 'service' },
});

test('a type moves under load: each key goes on in order, and so do numbers and epochs', async () => {
  const both = await two();
  const { old, next } = both;
  await Promise.all(['a', 'b'].map((name) => relayOf(old, old.stream, name)));
  await Promise.all(['c', 'd'].map((name) => relayOf(next, old.stream, name)));
  const leased = ({ database }: Scene) =>
    until('all buckets are leased', async () => {
      const [rows] = await database.query('SELECT 1 FROM banyan_outbox_lease WHERE owner IS NULL');
      return (rows as unknown[]).length === 0;
    });
  await Promise.all([leased(old), leased(next)]);
  await old.database.query('UPDATE banyan_outbox_lease SET epoch = epoch + 100 WHERE bucket < 32');
  await old.database.query(
    "INSERT INTO banyan_outbox_sequence (partition_key, sequence) VALUES ('thing:k1', 7), ('other:k1', 9)",
  );

  // The monolith writes until its writes are moved, the service from then on; each event counts its key on.
  let n = 0;
  let writer: Scene = old;
  let writing = true;
  const written = (async () => {
    while (writing) {
      n += 1;
      await writer.append(...KEYS.map((key): [string, number] => [key, n]));
    }
  })();
  await until('some are written', () => n > 5);
  const steps: string[] = [];
  const moved = moveOwnership({
    aggregateTypes: ['thing'],
    ...places(both),
    signal: AbortSignal.timeout(60_000),
    onStep: (step) => {
      steps.push(step);
      if (step.includes('waiting')) writer = next;
    },
  });
  await moved;
  const before = n;
  await until('some more are written', () => n > before + 5);
  writing = false;
  await written;
  await Promise.all([drained(old), drained(next)]);

  const published = await old.firstDeliveries();
  expect(Object.keys(published).toSorted()).toEqual(KEYS.map((key) => `thing:${key}`).toSorted());
  for (const ns of Object.values(published)) expect(ns).toEqual(numbers(n));
  expect(steps).toHaveLength(5);
  const [counters] = await next.database.query('SELECT * FROM banyan_outbox_sequence');
  expect(counters).toEqual([{ partition_key: 'thing:k1', sequence: 7 }]);
  const epochs = async ({ database }: Scene) => {
    const [rows] = await database.query('SELECT epoch FROM banyan_outbox_lease ORDER BY bucket');
    return (rows as { epoch: number }[]).map(({ epoch }) => epoch);
  };
  const [were, are] = await Promise.all([epochs(old), epochs(next)]);
  expect(are.every((epoch, bucket) => epoch > were[bucket]!)).toBe(true);

  await old.append(['late', 1]);
  await until('the late one is parked', async () => (await old.states()).parked === 1);
  expect(Object.keys(await old.published())).not.toContain('thing:late');
  expect(await readOwnership(old.database)).toMatchObject([{ state: 'given', peer: 'service' }]);
  await moveOwnership({ aggregateTypes: ['thing'], ...places(both), signal: AbortSignal.timeout(60_000) });
});

test('a transaction that is still open holds the move up, and ends it with a reason when it takes too long', async () => {
  const both = await two();
  const { old, next } = both;
  await relayOf(old, old.stream, 'a');
  await relayOf(next, old.stream, 'b');
  await until('both are bound', async () => {
    const [rows] = await next.database.query('SELECT 1 FROM banyan_outbox_stream');
    return (rows as unknown[]).length === 1;
  });
  const connection = await old.database.getConnection();
  onTestFinished(() => connection.destroy());
  await connection.beginTransaction();
  await append((sql, values) => connection.query(sql, values), event('k', 1));
  const move = (patience: number) =>
    moveOwnership({ aggregateTypes: ['thing'], ...places(both), signal: AbortSignal.timeout(patience) });
  await expect(move(3_000)).rejects.toThrow(/1 events that are not acknowledged, uncommitted ones included/);
  // What the service appends meanwhile waits.
  await next.append(['k', 2]);
  await expect(move(1_500)).rejects.toThrow(/not acknowledged/);
  expect(await old.published()).toEqual({});
  await connection.commit();
  await move(60_000);
  await drained(next);
  expect((await old.firstDeliveries())['thing:k']).toEqual([1, 2]);
});

test('outboxes of different streams are refused, and so are events that are parked', async () => {
  const both = await two();
  const { old, next } = both;
  const move = () =>
    moveOwnership({ aggregateTypes: ['thing'], ...places(both), signal: AbortSignal.timeout(60_000) });
  await expect(move()).rejects.toThrow('monolith sends to stream (none yet) and service to (none yet)');
  for (const { database } of [old, next])
    await database.query("INSERT INTO banyan_outbox_stream (id, stream) VALUES (1, 's')");
  await old.append(['k', 1]);
  await old.database.query("UPDATE banyan_outbox SET state = 'parked', parked_reason = 'x'");
  await expect(move()).rejects.toThrow(MoveRefused);
  await expect(move()).rejects.toThrow(/1 parked events of thing: redrive or skip them/);
});

test('numbers go on where the old ones end, also of what the service appended before the counters were carried over', async () => {
  const both = await two();
  const { old, next } = both;
  await auditEvents(next.database, { retention: 604_800_000 });
  await relayOf(old, old.stream, 'a');
  await relayOf(next, old.stream, 'b');
  const numbered = ({ database }: Scene, id: string, times = 1) =>
    append(
      (sql, values) => database.query(sql, values),
      numbers(times).map((n) => ({ type: 'Counted', aggregate: { type: 'counter', id }, data: { n } })),
      { registry: sequenced },
    );
  for (const id of ['k', 'quiet']) await numbered(old, id, 3);
  await drained(old);
  await until('both are bound', async () => {
    const [rows] = await next.database.query('SELECT 1 FROM banyan_outbox_stream');
    return (rows as unknown[]).length === 1;
  });
  const move = async () => {
    let waiting: Promise<unknown> = Promise.resolve();
    await moveOwnership({
      aggregateTypes: ['counter'],
      ...places(both),
      signal: AbortSignal.timeout(60_000),
      onStep(step) {
        if (step.includes('waiting'))
          waiting = Promise.all([numbered(next, 'k', 2), numbered(next, 'fresh', 2)]);
      },
    });
    await waiting;
  };
  await move();
  await numbered(next, 'k');
  await numbered(next, 'quiet');
  await drained(next);
  await move();

  const found: Record<string, number[]> = {};
  const seen = new Set<string>();
  for (const { PartitionKey, Data } of await readStream(old.stream)) {
    const { id, sequence } = JSON.parse(Buffer.from(Data!).toString()) as { id: string; sequence: string };
    // On a slow machine an answer comes too late, and the event is sent again.
    if (!seen.has(id)) (found[PartitionKey!] ??= []).push(Number(sequence));
    seen.add(id);
  }
  expect(found).toEqual({ 'counter:k': numbers(6), 'counter:quiet': numbers(4), 'counter:fresh': [1, 2] });

  // The numbers that the monolith sent are no holes of the service's outbox.
  await next.database.query(
    `UPDATE banyan_outbox_completeness SET began_at = began_at - INTERVAL 60 MINUTE, done_until = done_until - INTERVAL 60 MINUTE`,
  );
  await next.database.query(
    'UPDATE banyan_outbox SET server_clock = NULL, appended_at = appended_at - INTERVAL 30 MINUTE',
  );
  const report = await untilOpenTransactions('the windows are gone through', async () => {
    await auditEvents(next.database, { retention: 604_800_000 });
    const read = await readCompleteness(next.database);
    return read.waitsFor === null && read.behindMs! < 800_000 ? read : undefined;
  });
  expect(report.holes).toEqual([]);
  expect(report.windows.some(({ types }) => (types['Counted']?.acknowledged ?? 0) > 0)).toBe(true);
});

test('who may not number anew is refused before anything is changed', async () => {
  const { old, next } = await two();
  for (const { database } of [old, next])
    await database.query("INSERT INTO banyan_outbox_stream (id, stream) VALUES (1, 's')");
  const name = new URL(next.url).pathname.slice(1);
  const user = `m_${randomBytes(4).toString('hex')}`;
  await next.database.query(`CREATE USER '${user}'@'%' IDENTIFIED BY 'pw'`);
  await next.database.query(`GRANT SELECT, INSERT, DELETE ON \`${name}\`.* TO '${user}'@'%'`);
  await next.database.query(`GRANT UPDATE ON \`${name}\`.banyan_outbox_lease TO '${user}'@'%'`);
  const limited = openDatabase(next.url.replace('root@', `${user}:pw@`));
  onTestFinished(async () => {
    await limited.end();
    await next.database.query(`DROP USER '${user}'@'%'`);
  });
  const move = () =>
    moveOwnership({
      aggregateTypes: ['thing'],
      from: { database: old.database, name: 'monolith' },
      to: { database: limited, name: 'service' },
      signal: AbortSignal.timeout(60_000),
    });
  await old.database.query(
    "INSERT INTO banyan_outbox_sequence (partition_key, sequence) VALUES ('thing:1', 7)",
  );
  await expect(move()).rejects.toThrow(/numbers of thing can't go on in service: UPDATE command denied/);
  expect([await readOwnership(old.database), await readOwnership(next.database)]).toEqual([[], []]);
});
