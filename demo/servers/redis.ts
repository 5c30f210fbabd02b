import { mkdtemp, rm } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort, startChild, untilReady } from './child.ts';
import type { PrivateServer } from './database.ts';

/** Starts a private Redis or Valkey from its `redis-server` or `valkey-server` binary. */
export async function startRedis(binary: string): Promise<PrivateServer> {
  const folder = await mkdtemp(join(tmpdir(), 'banyan-redis-'));
  const port = await freePort();
  const start = async () => {
    const child = startChild({
      command: binary,
      args: [
        '--port',
        String(port),
        '--bind',
        '127.0.0.1',
        '--save',
        '',
        '--appendonly',
        'no',
        '--dir',
        folder,
      ],
    });
    await untilReady(
      child,
      binary,
      () =>
        new Promise((resolve) => {
          const socket = connect(port, '127.0.0.1', () => socket.end('PING\r\n'));
          socket.once('data', (reply) => resolve(reply.toString().startsWith('+PONG')));
          socket.once('error', () => resolve(false));
          socket.once('close', () => resolve(false));
        }),
    );
    return child;
  };
  let child = await start();
  return {
    url: `redis://127.0.0.1:${port}`,
    kill: (signal) => child.kill(signal),
    async restart() {
      await child.stop();
      child = await start();
    },
    async stop() {
      await child.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
