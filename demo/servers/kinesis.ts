import { fileURLToPath } from 'node:url';
import { freePort, startChild, untilReady } from './child.ts';
import type { PrivateServer } from './server.ts';

/** Starts the Kinesis emulator (kinesalite, data in memory) as a private process. `url` is its endpoint. */
export async function startKinesis(): Promise<PrivateServer> {
  const port = await freePort();
  let stopping = false;
  const start = async () => {
    const child = startChild({
      command: process.execPath,
      args: [fileURLToPath(new URL('./kinesis-server.ts', import.meta.url)), String(port)],
    });
    await untilReady(child, 'kinesalite', async () => {
      await fetch(`http://127.0.0.1:${port}/`);
      return true;
    });
    stopping = false;
    void child.ended.then((code) => {
      // Whoever asks it next would only see a refused connection.
      if (!stopping) process.stderr.write(`kinesalite ended (${code}). Its last words:\n${child.output()}\n`);
    });
    return child;
  };
  let child = await start();
  const stop = () => {
    stopping = true;
    return child.stop();
  };
  return {
    url: `http://127.0.0.1:${port}`,
    kill(signal) {
      stopping = signal !== 'SIGSTOP' && signal !== 'SIGCONT';
      child.kill(signal);
    },
    async restart() {
      await stop();
      child = await start();
    },
    stop,
  };
}
