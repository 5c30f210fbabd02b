import type { Connection } from '../../runtime/database.ts';
import { appliedMigrations, BOOKKEEPING, existingTables, recordStatement } from './bookkeeping.ts';
import { createdTables } from './created-tables.ts';
import { migrationsOf, type Migration } from './migrations.ts';
import { splitStatements } from './split-statements.ts';
import { InstallError, type TableSet } from './table-set.ts';
import { run, withServer } from './with-server.ts';

export interface InstallOptions {
  /** `mysql://user:password@host:port/database`; its user may create tables there. */
  readonly url: string;
  readonly set: TableSet;
  /** The set's own unless given. */
  readonly migrations?: readonly Migration[];
}

export interface Installed {
  readonly database: string;
  /** Names of the migrations that were applied now; empty when all were there. */
  readonly applied: readonly string[];
}

/**
 * Applies a set's migrations to a database that may have tables of its own; only adds. Twice does nothing
 * more, two at once wait for each other. MySQL commits each CREATE by itself: when one fails, what came
 * before it stays, and the next run completes it. Throws InstallError and changes nothing when the server
 * is too old, an applied migration has changed, or a table of the same name is somebody else's.
 */
export async function install({
  url,
  set,
  migrations = migrationsOf(set),
}: InstallOptions): Promise<Installed> {
  return withServer(url, async (connection, place) => {
    const applied = await appliedMigrations(connection, set);
    const due = migrations.filter(({ name }) => !applied.has(name));
    await refuseWhatDiffers(connection, { set, migrations, applied, due });
    if (due.length === 0) return { database: place.database, applied: [] };
    const rights = 'CREATE, ALTER, INDEX, SELECT, INSERT';
    const remedy = `run \`banyan install ${set}\` again: it goes on where it stopped.`;
    await run(connection, place, BOOKKEEPING, { rights, remedy, what: 'the table of applied migrations' });
    for (const migration of due) {
      for (const [index, statement] of splitStatements(migration.sql).entries()) {
        await run(connection, place, statement, {
          rights,
          remedy,
          what: `statement ${index + 1} of migration ${migration.name}`,
        });
      }
      await run(connection, place, recordStatement(set, migration), {
        rights,
        remedy,
        what: `recording migration ${migration.name}`,
      });
    }
    return { database: place.database, applied: due.map(({ name }) => name) };
  });
}

/** All that makes it unsafe to go on, at once. */
async function refuseWhatDiffers(
  connection: Connection,
  {
    set,
    migrations,
    applied,
    due,
  }: {
    set: TableSet;
    migrations: readonly Migration[];
    applied: ReadonlyMap<string, string>;
    due: readonly Migration[];
  },
): Promise<void> {
  const reasons: string[] = [];
  const tables = await existingTables(connection);
  const known = new Map(migrations.map((migration) => [migration.name, migration]));
  for (const [name, checksum] of applied) {
    const migration = known.get(name);
    if (migration === undefined) {
      reasons.push(
        `migration ${name} is applied, and unknown to this version: use the version that applied it`,
      );
    } else if (migration.checksum !== checksum) {
      reasons.push(
        `migration ${name} was applied with checksum ${checksum.slice(0, 12)}…, this version has ${migration.checksum.slice(0, 12)}…: ` +
          'an applied migration never changes; restore the file, or use the version that applied it',
      );
    } else {
      const missing = createdTables(migration.sql).filter(({ table }) => !tables.has(table));
      for (const { table } of missing) {
        reasons.push(
          `table ${table} is missing although migration ${name} is applied: restore it, or run \`banyan uninstall ${set}\` and install again`,
        );
      }
    }
  }
  for (const { table, columns } of due
    .flatMap(({ sql }) => createdTables(sql))
    .concat(createdTables(BOOKKEEPING))) {
    const found = tables.get(table);
    if (found !== undefined && found.join() !== columns.join()) {
      reasons.push(
        `there is a table or view ${table} that isn't Banyan's: it has the columns ${found.join(', ')}; required are ${columns.join(', ')}: rename it, or use another database`,
      );
    }
  }
  if (reasons.length > 0) {
    throw new InstallError(`nothing was changed:\n${reasons.map((reason) => `  ${reason}`).join('\n')}`);
  }
}
