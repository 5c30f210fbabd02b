import { connect } from 'node:net';
import { freePort, startChild, untilReady } from './child.ts';
import { redisOrThrow } from './find-redis.ts';
import type { PrivateServer } from './server.ts';
import { temporaryFolder } from './temporary-folder.ts';

/**
 * Starts a private Redis or Valkey. `binary` is a path, or a name (`redis-server`, `valkey-server`) that is looked for
 * first; the other serves too.
 */
export async function startRedis(binary?: string): Promise<PrivateServer> {
  const command = await redisOrThrow(binary);
  const folder = await temporaryFolder('banyan-redis-');
  const port = await freePort();
  const start = async () => {
    const args = [
      ...['--port', String(port), '--bind', '127.0.0.1'],
      ...['--save', '', '--appendonly', 'no', '--dir', folder.path],
    ];
    const child = startChild({ command, args });
    await untilReady(child, command, () => answersPing('127.0.0.1', port));
    return child;
  };
  try {
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
        await folder.remove();
      },
    };
  } catch (error) {
    await folder.remove();
    throw error;
  }
}

function answersPing(host: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, host, () => socket.end('PING\r\n'));
    socket.once('data', (reply) => resolve(reply.toString().startsWith('+PONG')));
    socket.once('error', () => resolve(false));
    socket.once('close', () => resolve(false));
  });
}
