import type { RowDataPacket } from 'mysql2/promise';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { append } from '../../outbox/append.ts';
import { toCloudEvent } from '../../outbox/envelope.ts';
import type { NewEvent } from '../../outbox/event.ts';
import { readPending } from '../../outbox/read-pending.ts';
import { defineRegistry } from '../../outbox/registry/define-registry.ts';
import { inTransaction, openDatabase, type Connection, type Database } from '../../runtime/database.ts';
import { freshDatabase } from '../support/database.ts';

const any = {
  '~standard': { version: 1, vendor: 'any', validate: (value: unknown) => ({ value }) },
} as const;
const registry = defineRegistry({
  events: {
    LineAdded: { aggregate: 'order', versions: { 1: { schema: any } } },
    Named: { aggregate: 'customer', versions: { 1: { schema: any } } },
  },
  aggregates: { order: { ordered: 'sequence' } },
});

let database: Database;
beforeAll(async () => {
  database = openDatabase(await freshDatabase('outbox'), { connections: 9 });
});
afterAll(() => database.end());
beforeEach(async () => {
  await database.query('DELETE FROM banyan_outbox');
  await database.query('DELETE FROM banyan_outbox_sequence');
});

const line = (id: string, data: unknown = {}): NewEvent => ({
  type: 'LineAdded',
  aggregate: { type: 'order', id },
  data,
});
const appendIn = (tx: Connection, events: NewEvent | NewEvent[]) =>
  append((sql, values) => tx.execute(sql, values), events, { registry });
const inOwn = (work: (tx: Connection) => Promise<unknown>) => inTransaction(database, work);

async function numbers(): Promise<Record<string, number[]>> {
  const [rows] = await database.query<RowDataPacket[]>(
    'SELECT aggregate_id AS id, sequence FROM banyan_outbox o ORDER BY o.id',
  );
  const found: Record<string, number[]> = {};
  for (const row of rows) (found[row['id'] as string] ??= []).push(row['sequence'] as number);
  return found;
}

test('events are numbered within their key, in the order given; others have no number', async () => {
  const named: NewEvent = { type: 'Named', aggregate: { type: 'customer', id: 'c' }, data: {} };
  await inOwn((tx) => appendIn(tx, [line('b'), line('a'), named, line('b')]));
  await inOwn((tx) => appendIn(tx, [line('b', { at: 1 }), { ...line('a'), time: new Date() }]));
  await inOwn((tx) => appendIn(tx, named));
  expect(await numbers()).toEqual({ a: [1, 2], b: [1, 2, 3], c: [null, null] });
  const [rows] = await database.query<RowDataPacket[]>(
    'SELECT MAX(id) AS id FROM banyan_outbox WHERE sequence = 3',
  );
  const [row] = await readPending(database, [rows[0]!['id'] as number]);
  expect(JSON.parse(toCloudEvent(row!))).toMatchObject({ sequence: '00000000000000000003' });
});

test('a rollback gives its numbers back', async () => {
  await inOwn((tx) => appendIn(tx, line('a')));
  await expect(
    inOwn(async (tx) => {
      await appendIn(tx, [line('a'), line('a'), line('new')]);
      throw new Error('no');
    }),
  ).rejects.toThrow('no');
  await inOwn((tx) => appendIn(tx, [line('a'), line('new')]));
  expect(await numbers()).toEqual({ a: [1, 2], new: [1] });
});

test('keys that differ in a space at the end, or in case, have numbers of their own', async () => {
  await inOwn((tx) => appendIn(tx, [line('a'), line('a '), line('A')]));
  expect(await numbers()).toEqual({ a: [1], 'a ': [1], A: [1] });
});

test('a record with its number is held against the limit to the byte', async () => {
  const sized = { ...line('a', 'x'.repeat(100)), id: 'e', time: new Date() };
  const row = (limit: number) =>
    inOwn((tx) => append((sql, values) => tx.execute(sql, values), sized, { registry, recordLimit: limit }));
  await row(10_000);
  const [rows] = await database.query<RowDataPacket[]>('SELECT MAX(id) AS id FROM banyan_outbox');
  const [read] = await readPending(database, [rows[0]!['id'] as number]);
  const size = Buffer.byteLength(toCloudEvent(read!)) + Buffer.byteLength('order:a');
  await database.query('DELETE FROM banyan_outbox');
  await expect(row(size - 1)).rejects.toThrow(`would have ${size} bytes`);
  await row(size);
});

/** Eight writers append in parallel, `rounds` times each; every fourth transaction rolls back. Returns how many were made. */
async function race(rounds: number, keysOf: (writer: number, round: number) => string[], deadlocks: number) {
  let made = 0;
  const failures: Error[] = [];
  await Promise.all(
    Array.from({ length: 8 }, async (_, writer) => {
      for (let round = 0; round < rounds; round++) {
        const keys = keysOf(writer, round);
        for (let again = true; again;) {
          again = false;
          await inOwn(async (tx) => {
            await appendIn(
              tx,
              keys.map((key) => line(key, { writer, round })),
            );
            if ((writer + round) % 4 === 0) throw new Error('rolled back');
          }).then(
            () => (made += keys.length),
            (error: Error & { errno?: number }) => {
              again = error.errno === 1213;
              if (error.message !== 'rolled back') failures.push(error);
            },
          );
        }
      }
    }),
  );
  const others = failures.filter((error) => !/deadlock/i.test(error.message));
  expect(others).toEqual([]);
  expect(failures.length).toBeLessThanOrEqual(deadlocks);
  const found = Object.values(await numbers());
  expect(found.flat()).toHaveLength(made);
  for (const of of found) expect(of).toEqual(of.map((_, index) => index + 1));
  return made;
}

test('eight writers on the same keys, with rollbacks: no number missing, none out of order, no deadlock', async () => {
  const keys = ['a', 'b', 'c', 'd', 'e', 'f'];
  await inOwn((tx) =>
    appendIn(
      tx,
      keys.map((key) => line(key)),
    ),
  );
  await database.query('DELETE FROM banyan_outbox');
  await database.query('UPDATE banyan_outbox_sequence SET sequence = 0');
  const made = await race(
    32,
    (writer, round) => {
      // In another order each time, and a new key beside them.
      const from = (writer * 7 + round) % keys.length;
      return [...keys.slice(from), ...keys.slice(0, from), `new-${writer}-${round}`, keys[from]!];
    },
    0,
  );
  expect(made).toBeGreaterThan(1_500);
});

// On MySQL, two that wait for a key whose first event is rolled back get a deadlock, as with any unique key.
test('eight writers that begin the same keys, with rollbacks: still no number missing or out of order', async () => {
  await race(10, (_, round) => [`new-${round}`, `other-${round % 3}`], 100);
});
