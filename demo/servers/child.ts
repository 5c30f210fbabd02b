import { spawn, type ChildProcess } from 'node:child_process';
import { createServer, type AddressInfo } from 'node:net';

/** A server process that we started and that ends with us. */
export interface Child {
  readonly pid: number;
  /** Resolves when it has ended, however that came. */
  readonly ended: Promise<number | null>;
  /** The last 8 KiB that it wrote, for an error message. */
  output(): string;
  /** Ends it: SIGTERM, after `grace` milliseconds (default 5,000) SIGKILL. Resolves when it is gone. */
  stop(grace?: number): Promise<void>;
  kill(signal: NodeJS.Signals): void;
}

export interface StartOptions {
  readonly command: string;
  readonly args: readonly string[];
  readonly env?: NodeJS.ProcessEnv;
  readonly cwd?: string;
  /** Called with each chunk it writes to stdout or stderr. */
  readonly onOutput?: (text: string) => void;
}

export function startChild({ command, args, env, cwd, onOutput }: StartOptions): Child {
  const child: ChildProcess = spawn(command, args, { env, cwd, stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  const keep = (chunk: Buffer) => {
    output = (output + chunk.toString()).slice(-8_192);
    onOutput?.(chunk.toString());
  };
  child.stdout?.on('data', keep);
  child.stderr?.on('data', keep);
  const ended = new Promise<number | null>((resolve) => {
    child.once('exit', (code) => resolve(code));
    child.once('error', (error) => {
      output += String(error);
      resolve(null);
    });
  });
  // Should this process end without having stopped the child, the child must not stay behind.
  const last = () => child.kill('SIGKILL');
  process.once('exit', last);
  void ended.then(() => process.removeListener('exit', last));
  return {
    pid: child.pid ?? -1,
    ended,
    output: () => output,
    kill: (signal) => void child.kill(signal),
    async stop(grace = 5_000) {
      child.kill('SIGTERM');
      const timer = setTimeout(() => child.kill('SIGKILL'), grace);
      await ended;
      clearTimeout(timer);
    },
  };
}

/** A TCP port on 127.0.0.1 that was free a moment ago. */
export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as AddressInfo;
      server.close(() => resolve(port));
    });
  });
}

/** Polls `probe` until it returns true; throws with `what` and the child's last words when it ends or time is up. */
export async function untilReady(
  child: Child,
  what: string,
  probe: () => Promise<boolean>,
  timeout = 30_000,
): Promise<void> {
  let gone = false;
  void child.ended.then(() => (gone = true));
  const deadline = Date.now() + timeout;
  while (!(await probe().catch(() => false))) {
    if (gone) throw new Error(`${what} ended while starting. Its last words:\n${child.output()}`);
    if (Date.now() > deadline) {
      await child.stop();
      throw new Error(`${what} was not ready within ${timeout} ms. Its last words:\n${child.output()}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
