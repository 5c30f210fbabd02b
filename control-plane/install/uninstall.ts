import type { RowDataPacket } from 'mysql2/promise';
import type { Connection } from '../../runtime/database.ts';
import { appliedMigrations, existingTables } from './bookkeeping.ts';
import { createdTables } from './created-tables.ts';
import { migrationsOf } from './migrations.ts';
import { InstallError, type TableSet } from './table-set.ts';
import { capturesOf } from './triggers.ts';
import { run, withServer } from './with-server.ts';

export interface UninstallOptions {
  readonly url: string;
  readonly set: TableSet;
  /** Throw events away that have not reached the stream. Default false. */
  readonly force?: boolean;
}

export interface Uninstalled {
  readonly database: string;
  /** The tables that were dropped; empty when there were none. */
  readonly dropped: readonly string[];
}

/** The tables of a set. */
export function tablesOf(set: TableSet): string[] {
  return migrationsOf(set).flatMap(({ sql }) => createdTables(sql).map(({ table }) => table));
}

/**
 * Drops a set's tables and nothing else; with the last set goes the table of applied migrations. Throws
 * InstallError and drops nothing when triggers or routines still write to the outbox (the monolith's own
 * writes would fail), when events have not reached the stream (unless `force`), or when a transaction keeps
 * one of the tables for longer than 3 s.
 */
export async function uninstall({ url, set, force = false }: UninstallOptions): Promise<Uninstalled> {
  return withServer(url, async (connection, place) => {
    const existing = await existingTables(connection);
    const tables = tablesOf(set).filter((table) => existing.has(table));
    const recorded = (await appliedMigrations(connection, set)).size > 0;
    if (tables.length === 0 && !recorded) return { database: place.database, dropped: [] };
    if (set === 'outbox') await refuseWhileCaptured(connection, place);
    const doomed = existing.has('banyan_migration') ? [...tables, 'banyan_migration'] : tables;
    const step = {
      rights: 'DROP, LOCK TABLES, SELECT, DELETE, TRIGGER',
      remedy: `run \`banyan uninstall ${set}\` again.`,
    };
    // Counting and dropping under one lock: an event committed in between would be lost unseen.
    await run(connection, place, `LOCK TABLES ${doomed.map((table) => `\`${table}\` WRITE`).join(', ')}`, {
      ...step,
      what: 'locking the tables',
    });
    if (set === 'outbox' && !force && tables.includes('banyan_outbox')) await refuseWhileUnsent(connection);
    if (existing.has('banyan_migration')) {
      await run(connection, place, `DELETE FROM banyan_migration WHERE table_set = '${set}'`, {
        ...step,
        what: 'forgetting the migrations',
      });
      const [[left]] = await connection.query<RowDataPacket[]>('SELECT COUNT(*) AS n FROM banyan_migration');
      if (left?.['n'] !== 0) doomed.pop();
    }
    if (doomed.length > 0) {
      await run(connection, place, `DROP TABLE ${doomed.map((table) => `\`${table}\``).join(', ')}`, {
        ...step,
        what: 'dropping the tables',
      });
    }
    return { database: place.database, dropped: doomed };
  });
}

async function refuseWhileCaptured(connection: Connection, place: { database: string; user: string }) {
  const captures = await capturesOf(connection, place);
  if (captures.length === 0) return;
  throw new InstallError(
    `nothing was dropped: without the outbox, every write that runs these would fail:\n${captures
      .map((name) => `  ${name}`)
      .join('\n')}\nDrop them first; \`banyan capture drop <name>\` does it for a capture.`,
  );
}

async function refuseWhileUnsent(connection: Connection): Promise<void> {
  const [rows] = await connection.query<RowDataPacket[]>(
    "SELECT state, COUNT(*) AS n FROM banyan_outbox WHERE state IN ('pending', 'parked') AND type <> 'banyan.heartbeat' GROUP BY state ORDER BY state",
  );
  if (rows.length === 0) return;
  const counts = rows.map(({ n, state }) => `${n} ${state}`).join(' and ');
  throw new InstallError(
    `nothing was dropped: the outbox has ${counts} events that have not reached the stream. ` +
      'Let the relay send them first, or throw them away with --force.',
  );
}
