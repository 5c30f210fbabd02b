import type { ResultSetHeader } from 'mysql2/promise';
import { append } from '../../outbox/append.ts';
import type { Connection, Database } from '../../runtime/database.ts';
import { wait } from '../../runtime/wait.ts';
import { discard } from '../../runtime/with-connection.ts';
import { AGGREGATES, drawDraft, type Draft } from './draft.ts';
import type { Numbered, Written } from './history.ts';
import type { Journal } from './journal.ts';
import { seeded } from './seeded.ts';

const WRITERS = 24;
export const TYPE = 'ThingHappened';

export interface WritersOptions {
  readonly seed: number;
  /** Events a second, all writers together. */
  readonly rate: number;
  readonly journal: Journal;
}

export interface Writers {
  readonly events: number;
  /** Ends the writing, with one more event for each key whose last transaction nobody knows the end of. */
  stop(): Promise<void>;
}

/** The table whose rows the writers lock before they append: it counts each key's events. */
export async function createAggregates(database: Database): Promise<void> {
  await database.query(
    'CREATE TABLE aggregate (name VARCHAR(16) PRIMARY KEY, n INT NOT NULL DEFAULT 0) ENGINE=InnoDB',
  );
  await database.query('INSERT INTO aggregate (name) VALUES ?', [AGGREGATES.map((name) => [name])]);
}

/**
 * Writers that commit out of order. Each transaction locks one to three aggregates, appends events for them, and stays
 * open for a random time; some for seconds, some for good (rolled back). One aggregate in five is one of
 * eight hot ones, the others are one of 5,000. What each knows of its transactions goes to the journal.
 */
export function startWriters(database: Database, { seed, rate, journal }: WritersOptions): Writers {
  const unsure = new Set<string>();
  let [writing, events, turnAt] = [true, 0, Date.now()];

  async function turn(count: number): Promise<void> {
    turnAt = Math.max(Date.now() - 1_000, turnAt) + (count / rate) * 1_000;
    await wait(Math.max(0, turnAt - Date.now()));
  }
  function settle(outcome: Written['outcome'], written: readonly Numbered[]): void {
    if (written.length > 0) journal.write({ outcome, at: Date.now(), events: written });
    for (const { key } of written) {
      if (outcome === 'unknown') unsure.add(key.slice(key.indexOf(':') + 1));
      if (outcome === 'committed') unsure.delete(key.slice(key.indexOf(':') + 1));
    }
    if (outcome === 'committed') events += written.length;
  }
  async function write(who: string, number: number, draft: Draft): Promise<Written['outcome']> {
    const { written, outcome } = await transaction(database, `${who}-${number}`, draft);
    settle(outcome, written);
    return outcome;
  }
  const running = Array.from({ length: WRITERS }, async (_, index) => {
    const random = seeded(seed, `writer ${index}`);
    for (let number = 0; writing; number++) {
      const draft = drawDraft(random);
      await turn(draft.keys.reduce((sum, key) => sum + key.events, 0));
      if (writing && (await write(`w${index}`, number, draft)) !== 'committed') await wait(50);
    }
  });
  return {
    get events() {
      return events;
    },
    async stop() {
      writing = false;
      await Promise.all(running);
      for (let number = 0; unsure.size > 0; number++) {
        const [name] = [...unsure] as [string];
        const draft = { keys: [{ name, events: 1 }], pauses: [0], rollback: false };
        if ((await write('last', number, draft)) !== 'committed') await wait(100);
      }
    },
  };
}

/** Runs it; never rejects. A connection that broke while it was committing leaves the outcome unknown. */
async function transaction(
  database: Database,
  name: string,
  { keys, pauses, rollback }: Draft,
): Promise<{ written: Numbered[]; outcome: Written['outcome'] }> {
  const written: Numbered[] = [];
  let connection: Connection | undefined;
  let committing = false;
  try {
    const opened = await database.getConnection();
    connection = opened;
    await opened.beginTransaction();
    for (const [index, key] of keys.entries()) {
      const [{ insertId: last }] = await opened.query<ResultSetHeader>(
        'UPDATE aggregate SET n = LAST_INSERT_ID(n + ?) WHERE name = ?',
        [key.events, key.name],
      );
      const numbered = Array.from({ length: key.events }, (_, step): Numbered => {
        const n = last - key.events + 1 + step;
        return { key: `thing:${key.name}`, n, id: `${name}-${key.name}-${n}` };
      });
      written.push(...numbered);
      await append(
        (sql, values) => opened.query(sql, values),
        numbered.map(({ n, id }) => ({
          type: TYPE,
          aggregate: { type: 'thing', id: key.name },
          data: { n },
          id,
        })),
      );
      await wait(pauses[index]!);
    }
    if (rollback) {
      await opened.rollback();
      opened.release();
      return { written, outcome: 'undone' };
    }
    committing = true;
    await opened.commit();
    opened.release();
    return { written, outcome: 'committed' };
  } catch {
    if (connection) discard(connection);
    return { written, outcome: committing ? 'unknown' : 'undone' };
  }
}
