import { isAbsolute } from 'node:path';
import { createConnection } from 'mysql2/promise';
import { startDatabase } from '../../demo/servers/database.ts';
import { foldersToSearch } from '../../demo/servers/find-binary.ts';
import { findDatabase, type DatabaseBinary } from '../../demo/servers/find-database.ts';

/** The server whose databases are used. One that was given by its URL can't be restarted: its connections are cut instead. */
export interface ChaosDatabase {
  readonly url: string;
  readonly version: string;
  readonly restart?: (signal: 'SIGKILL' | 'SIGTERM') => Promise<void>;
  stop(): Promise<void>;
}

/** There is none to start; the message says what can be given. */
export class NoServer extends Error {}

/**
 * `which`: `mariadb`, `mysql` or the path of a server's program, of which a private server is started; or the URL of a server.
 * A private one waits for the disk if it is to be `durable`.
 */
export async function openChaosDatabase(
  which: string,
  { durable = false }: { readonly durable?: boolean } = {},
): Promise<ChaosDatabase> {
  if (which.includes('://')) return { url: which, version: await versionOf(which), stop: async () => {} };
  const binary = await findProgram(which);
  if (binary === undefined) {
    throw new NoServer(
      `no server can be started of ${which}: ` +
        (isAbsolute(which)
          ? 'it is no program that prints the version of MariaDB or MySQL. '
          : `none was found in ${(await foldersToSearch(process.env['PATH'])).join(', ')}. `) +
        'Give the path of a mysqld or mariadbd (--database /opt/mysql/bin/mysqld), put its folder in PATH, ' +
        'or give the URL of a running server (--database mysql://root@127.0.0.1:3307)',
    );
  }
  const server = await startDatabase(binary, { durable });
  return {
    url: server.url,
    version: await versionOf(server.url),
    async restart(signal) {
      server.kill(signal);
      await server.restart();
    },
    stop: server.stop,
  };
}

/** The server's program: that of the path, or the first of its kind. A `mysqld` that is MariaDB is none of MySQL. */
export async function findProgram(
  which: string,
  path = process.env['PATH'],
): Promise<DatabaseBinary | undefined> {
  const folders = await foldersToSearch(path);
  if (isAbsolute(which)) {
    const found = await findDatabase(folders, [which]);
    return found?.server === which ? found : undefined;
  }
  for (const folder of folders) {
    const found = await findDatabase([folder], [which === 'mysql' ? 'mysqld' : 'mariadbd']);
    if (found?.kind === which) return found;
  }
  return undefined;
}

export async function versionOf(url: string): Promise<string> {
  const connection = await createConnection({ uri: url });
  const [rows] = await connection.query('SELECT VERSION() AS version');
  await connection.end();
  return (rows as [{ version: string }])[0].version;
}
