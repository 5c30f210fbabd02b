import { expect, onTestFinished, test } from 'vitest';
import { append } from '../../outbox/append.ts';
import { moveOwnership, MoveRefused } from '../../outbox/move-ownership.ts';
import { readOwnership } from '../../outbox/ownership.ts';
import { freshDatabase } from '../support/database.ts';
import { until } from '../support/until.ts';
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
