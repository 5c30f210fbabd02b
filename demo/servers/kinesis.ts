import { fileURLToPath } from 'node:url';
import { freePort, startChild, untilReady } from './child.ts';
import type { PrivateServer } from './server.ts';

/** Starts the Kinesis emulator (kinesalite, data in memory) as a private process. `url` is its endpoint. */
export async function startKinesis(): Promise<PrivateServer> {
  const port = await freePort();
  const start = async () => {
    const child = startChild({
      command: process.execPath,
      args: [fileURLToPath(new URL('./kinesis-server.ts', import.meta.url)), String(port)],
    });
    await untilReady(child, 'kinesalite', async () => {
      await fetch(`http://127.0.0.1:${port}/`);
      return true;
    });
    return child;
  };
  let child = await start();
  return {
    url: `http://127.0.0.1:${port}`,
    kill: (signal) => child.kill(signal),
    async restart() {
      await child.stop();
      child = await start();
    },
    stop: () => child.stop(),
  };
}
