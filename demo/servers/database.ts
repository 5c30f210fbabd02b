import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { createConnection } from 'mysql2/promise';
import { freePort, startChild, untilReady } from './child.ts';

/** A private server: its URL, and the way to end it and delete its data. */
export interface PrivateServer {
  readonly url: string;
  stop(): Promise<void>;
  /** SIGKILL, SIGSTOP, … for tests of bad weather. */
  kill(signal: NodeJS.Signals): void;
  /** Starts it again on the same port with the same data, after a kill. */
  restart(): Promise<void>;
}

/** Starts a private MariaDB or MySQL from its `mariadbd` or `mysqld` binary, with data in a temporary folder. */
export async function startDatabase(binary: string): Promise<PrivateServer> {
  const folder = await mkdtemp(join(tmpdir(), 'banyan-db-'));
  const data = join(folder, 'data');
  const user = userInfo().username;
  const isMariaDb = (await promisify(execFile)(binary, ['--version'])).stdout.includes('MariaDB');
  if (isMariaDb) {
    await promisify(execFile)('mariadb-install-db', [
      '--no-defaults',
      `--datadir=${data}`,
      `--user=${user}`,
      '--auth-root-authentication-method=normal',
      '--skip-test-db',
    ]);
  } else {
    await promisify(execFile)(binary, [
      '--no-defaults',
      '--initialize-insecure',
      `--user=${user}`,
      `--datadir=${data}`,
    ]);
  }
  const port = await freePort();
  const start = async () => {
    const child = startChild({
      command: binary,
      args: [
        '--no-defaults',
        `--user=${user}`,
        `--datadir=${data}`,
        `--port=${port}`,
        '--bind-address=127.0.0.1',
        `--socket=${join(folder, 'server.sock')}`,
        `--pid-file=${join(folder, 'server.pid')}`,
        '--max-connections=500',
        '--innodb-buffer-pool-size=256M',
        ...(isMariaDb ? [] : ['--mysqlx=OFF']),
      ],
    });
    await untilReady(child, binary, async () => {
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
      await rm(folder, { recursive: true, force: true });
    },
  };
}
