import type { ResultSetHeader } from 'mysql2/promise';
import { append } from '../../outbox/append.ts';
import { inTransaction, type Database } from '../../runtime/database.ts';
import { wait } from '../../runtime/wait.ts';
import type { Entry, Journal } from './journal.ts';

export interface WritersOptions {
  readonly events: number;
  readonly keys: number;
  readonly writers: number;
  readonly random: () => number;
}

class Undone extends Error {}

/**
 * Writers that commit out of order: each transaction locks one to three aggregates, appends an event for each, holds
 * itself open for a random time between and after, and one in twenty is rolled back. Resolves when so
 * many events are committed. Returns the ids of events that were rolled back.
 */
export async function writeOutOfOrder(
  database: Database,
  journal: Journal,
  { events, keys, writers, random }: WritersOptions,
): Promise<Set<string>> {
  await database.query('CREATE TABLE aggregate (id INT PRIMARY KEY, n INT NOT NULL DEFAULT 0) ENGINE=InnoDB');
  await database.query('INSERT INTO aggregate (id) VALUES ?', [
    Array.from({ length: keys }, (_, id) => [id]),
  ]);
  const undone = new Set<string>();
  let left = events;

  async function transaction(): Promise<void> {
    const count = Math.min(left, 1 + Math.floor(random() * 3));
    left -= count;
    const picked = new Set<number>();
    while (picked.size < count) picked.add(Math.floor(random() * keys));
    const entries: Entry[] = [];
    try {
      await inTransaction(database, async (connection) => {
        // In one order, so that writers never deadlock.
        for (const id of [...picked].toSorted((a, b) => a - b)) {
          const [{ insertId: n }] = await connection.query<ResultSetHeader>(
            'UPDATE aggregate SET n = LAST_INSERT_ID(n + 1) WHERE id = ?',
            [id],
          );
          const event = { type: 'ThingHappened', aggregate: { type: 'thing', id }, data: { n } };
          const [eventId] = await append((sql, values) => connection.query(sql, values), event);
          entries.push({ key: `thing:${id}`, n, id: eventId! });
          await wait(random() * 25);
        }
        if (random() < 0.05) throw new Undone();
      });
      journal.write(entries);
    } catch (error) {
      if (!(error instanceof Undone)) throw error;
      for (const { id } of entries) undone.add(id);
      left += count;
    }
  }
  await Promise.all(
    Array.from({ length: writers }, async () => {
      while (left > 0) await transaction();
    }),
  );
  return undone;
}
