import { execFile } from 'node:child_process';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { findBinary, foldersToSearch } from './find-binary.ts';

/** A database server that can be started on this machine. */
export type DatabaseBinary =
  | { readonly kind: 'mysql'; readonly server: string }
  /** MariaDB needs a second program to make its data folder. */
  | { readonly kind: 'mariadb'; readonly server: string; readonly installer: string };

/**
 * Finds MariaDB or MySQL: first by the given names or paths, then by any other name. A `mysqld` that is MariaDB under
 * another name (Debian links it so) is told by its version; a MariaDB without its installer is no use and is passed over.
 */
export async function findDatabase(
  folders: readonly string[],
  names: readonly string[] = [],
): Promise<DatabaseBinary | undefined> {
  for (const name of [...names, 'mariadbd', 'mysqld']) {
    const server = await findBinary([name], folders);
    const version = server && (await versionOf(server));
    if (!version) continue;
    if (!version.includes('MariaDB')) return { kind: 'mysql', server };
    const beside = [dirname(server), join(dirname(server), '../bin'), join(dirname(server), '../scripts')];
    const installer = await findBinary(['mariadb-install-db', 'mysql_install_db'], [...beside, ...folders]);
    if (installer) return { kind: 'mariadb', server, installer };
  }
  return undefined;
}

/** The same for a caller that needs one now: throws when there is none. */
export async function databaseOrThrow(name?: string): Promise<DatabaseBinary> {
  const folders = await foldersToSearch(process.env['PATH']);
  const found = await findDatabase(folders, name === undefined ? [] : [name]);
  if (found) return found;
  throw new Error(
    `No MariaDB or MySQL server can be started: none of ${name ?? 'mariadbd'}, mariadbd (with mariadb-install-db), mysqld ` +
      `in ${folders.join(', ')}. Install one.`,
  );
}

async function versionOf(server: string): Promise<string | undefined> {
  return promisify(execFile)(server, ['--no-defaults', '--version']).then(
    ({ stdout }) => stdout,
    () => undefined,
  );
}
