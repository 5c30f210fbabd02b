import type { Connection, Database } from '../runtime/database.ts';
import { discard, withConnection } from '../runtime/with-connection.ts';
import { heldBack, holders } from './held-back.ts';
import { readsWithin, type Read } from './limited-read.ts';
import { readTransactions } from './read-transactions.ts';

/** The oldest open transaction that has appended events which nobody can see before it commits. */
export type OpenTransaction =
  | { readonly state: 'none' }
  /** `missing`: the statement that gives this user the right to see them; undefined when something else went wrong. */
  | { readonly state: 'unknown'; readonly reason: string; readonly missing?: string | undefined }
  | {
      readonly state: 'open';
      /** The server's thread: what KILL takes. 0 is a prepared XA transaction that no session holds. */
      readonly thread: number;
      /** Up to a second too many, never too few. */
      readonly ageMs: number;
      readonly user?: string | undefined;
      readonly host?: string | undefined;
      /** Events that it holds back; counted to 10,000. */
      readonly events: number;
    };

/**
 * Finds it by comparing what is there uncommitted with what is committed, for the connections that have a transaction
 * open, the oldest first. Without the PROCESS privilege, open transactions can't be seen, and the answer is "unknown",
 * never "none". Rejects when the database can't be asked or takes longer than `timeout` milliseconds.
 */
export async function findOpenTransaction(database: Database, timeout = 5_000): Promise<OpenTransaction> {
  return withConnection(
    database,
    async (connection) => {
      try {
        return await search(connection, readsWithin(connection, timeout));
      } catch (error) {
        // It may have been left in a transaction, or reading what is uncommitted.
        discard(connection);
        throw error;
      }
    },
    { what: 'which transaction holds events back', timeout },
  );
}

async function search(connection: Connection, read: Read): Promise<OpenTransaction> {
  const open = await readTransactions(connection, read);
  if ('reason' in open) return { state: 'unknown', ...open };
  const writing = open.filter(({ changed }) => changed > 0).toSorted((a, b) => b.age - a.age);
  if (writing.length === 0) return { state: 'none' };
  for (const transaction of await holders(connection, read, writing)) {
    const events = await heldBack(connection, read, transaction, writing);
    if (events === 0) continue;
    const { thread, age } = transaction;
    const [who] = await read<{ user: string; host: string }>(
      'SELECT user AS user, host AS host FROM information_schema.processlist WHERE id = ?',
      [thread],
    );
    return { state: 'open', thread, ageMs: age, user: who?.user, host: who?.host, events };
  }
  return { state: 'none' };
}
