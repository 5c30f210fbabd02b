import { spawn, type ChildProcess } from 'node:child_process';
import { createServer } from 'node:net';
import { whenWeDie } from './when-we-die.ts';

/** A process that we started and that ends with us. */
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

/**
 * Starts a process in a group of its own, so that Ctrl+C in the terminal reaches us alone and we decide in which order
 * things end. However we end, by SIGKILL too, it doesn't stay behind.
 */
export function startChild({ command, args, env, cwd, onOutput }: StartOptions): Child {
  const child: ChildProcess = spawn(command, args, {
    env,
    cwd,
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  });
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
  if (child.pid !== undefined) void ended.then(whenWeDie({ group: child.pid }));
  return {
    pid: child.pid ?? -1,
    ended,
    output: () => output,
    kill: (signal) => void child.kill(signal),
    async stop(grace = 5_000) {
      child.kill('SIGTERM');
      const timer = setTimeout(() => killGroup(child), grace);
      await ended;
      clearTimeout(timer);
    },
  };
}

function killGroup({ pid }: ChildProcess): void {
  try {
    if (pid !== undefined) process.kill(-pid, 'SIGKILL');
  } catch {
    // It has just ended by itself.
  }
}

/**
 * A TCP port on 127.0.0.1 that was free a moment ago. It lies below the ranges from which systems take the ports of
 * outgoing connections (Linux from 32768, macOS from 49152), so that none of those takes it in between.
 */
export async function freePort(): Promise<number> {
  for (let tries = 0; tries < 100; tries += 1) {
    const port = 20_000 + Math.floor(Math.random() * 12_000);
    if (await isFree(port)) return port;
  }
  throw new Error(
    'No free TCP port on 127.0.0.1: 100 between 20000 and 32000 were tried. Stop what holds them.',
  );
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
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
