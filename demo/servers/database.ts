import { execFile } from 'node:child_process';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { createConnection } from 'mysql2/promise';
import { freePort, startChild, untilReady } from './child.ts';
import { databaseOrThrow, type DatabaseBinary } from './find-database.ts';
import type { PrivateServer } from './server.ts';
import { temporaryFolder } from './temporary-folder.ts';

export type { PrivateServer } from './server.ts';

/** Commits survive the death of the server, as they are with the system then, but no power failure. */
const WITHOUT_SYNC = [
  '--innodb-flush-log-at-trx-commit=2',
  '--sync-binlog=0',
  '--innodb-doublewrite=0',
  '--innodb-flush-method=nosync',
  '--loose-sync-frm=0',
];

/**
 * Starts a private MariaDB or MySQL with data in a temporary folder. `binary` is a path, or a name (`mariadbd`, `mysqld`)
 * that is looked for first; any other database server of this machine serves too. `root` has no password. Nothing waits for the
 * disk, unless it is to be `durable`.
 */
export async function startDatabase(
  binary?: string | DatabaseBinary,
  { durable = false }: { readonly durable?: boolean } = {},
): Promise<PrivateServer> {
  const found = typeof binary === 'object' ? binary : await databaseOrThrow(binary);
  const folder = await temporaryFolder('banyan-db-');
  const data = join(folder.path, 'data');
  // Of its own: MariaDB clears a temporary folder of other servers' tables when it starts.
  const temporary = join(folder.path, 'tmp');
  await mkdir(temporary);
  const common = commonArguments(data, temporary);
  const port = await freePort();
  const start = async () => {
    const child = startChild({
      command: found.server,
      args: [
        ...common,
        `--port=${port}`,
        '--bind-address=127.0.0.1',
        `--socket=${join(folder.path, 'server.sock')}`,
        `--pid-file=${join(folder.path, 'server.pid')}`,
        '--max-connections=500',
        '--innodb-buffer-pool-size=256M',
        ...(durable ? [] : WITHOUT_SYNC),
        ...(found.kind === 'mysql' ? ['--mysqlx=OFF'] : []),
      ],
    });
    await untilReady(child, found.server, async () => {
      const connection = await createConnection({
        host: '127.0.0.1',
        port,
        user: 'root',
        connectTimeout: 1_000,
      });
      await connection.end();
      return true;
    });
    return child;
  };
  try {
    await makeDataFolder(found, data, common);
    let child = await start();
    return {
      url: `mysql://root@127.0.0.1:${port}`,
      kill: (signal) => child.kill(signal),
      async restart() {
        await child.stop();
        child = await start();
      },
      async stop() {
        await child.stop(10_000);
        await folder.remove();
      },
    };
  } catch (error) {
    await folder.remove();
    throw error;
  }
}

async function makeDataFolder(found: DatabaseBinary, data: string, common: readonly string[]): Promise<void> {
  const [program, extra] =
    found.kind === 'mariadb'
      ? [found.installer, ['--auth-root-authentication-method=normal', '--skip-test-db']]
      : [found.server, ['--initialize-insecure']];
  try {
    await promisify(execFile)(program, [...common, ...extra]);
  } catch (cause) {
    const said = (cause as { stdout?: string; stderr?: string }).stderr ?? '';
    throw new Error(`${program} could not make a data folder in ${data}. It said:\n${said}`, { cause });
  }
}

/** As root, a server refuses to run unless it is told that it may. Whoever else we are, it runs as we do. */
function commonArguments(data: string, temporary: string): string[] {
  return [
    '--no-defaults',
    `--datadir=${data}`,
    `--tmpdir=${temporary}`,
    ...(process.getuid?.() === 0 ? ['--user=root'] : []),
  ];
}
