import { createWriteStream } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { startChild, untilReady, type Child } from './servers/child.ts';

export interface ProcessOptions {
  readonly name: string;
  /** A script below the project's folder, and its arguments. */
  readonly script: string;
  readonly args?: readonly string[];
  readonly env?: Record<string, string>;
  /** Its output goes to `<name>.log` in here. */
  readonly folder: string;
  /** Answers 2xx when the process can work. */
  readonly ready: string;
  /** Called when it ends although nobody stopped it. */
  readonly onLoss: (why: Error) => void;
  /** When it aborts, nobody waits for the process to be ready any more. */
  readonly signal: AbortSignal;
}

export const scriptPath = (script: string): string => fileURLToPath(new URL(`../${script}`, import.meta.url));

/** Starts one of the demo's Node.js processes and waits until it can work. */
export async function startProcess(options: ProcessOptions): Promise<Child> {
  const { name, script, args = [], env, folder, ready, onLoss, signal } = options;
  signal.throwIfAborted();
  const log = createWriteStream(join(folder, `${name}.log`), { flags: 'a' });
  let stopping = false;
  const child = startChild({
    command: process.execPath,
    args: [scriptPath(script), ...args],
    env: { ...process.env, ...env },
    cwd: folder,
    onOutput: (text) => void log.write(text),
  });
  void child.ended.then((code) => {
    if (!stopping) onLoss(new Error(`${name} ended (${code}) and should not have:\n${child.output()}`));
  });
  const owned: Child = {
    ...child,
    stop(grace) {
      stopping = true;
      return child.stop(grace);
    },
    kill(signal) {
      stopping = true;
      child.kill(signal);
    },
  };
  try {
    const aborted = new Promise<never>((_resolve, reject) => {
      signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true });
    });
    await Promise.race([untilReady(owned, name, async () => (await fetch(ready)).ok), aborted]);
  } catch (error) {
    await owned.stop();
    throw error;
  }
  return owned;
}
