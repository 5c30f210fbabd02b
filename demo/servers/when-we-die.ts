import { spawn, type ChildProcess } from 'node:child_process';
import { fileURLToPath } from 'node:url';

/** Something that must not stay behind when this process is killed without a chance to clear up. */
export type Belonging =
  /** A process group: SIGTERM, after 3 s SIGKILL. */
  | { readonly group: number }
  /** A file or folder: deleted. */
  | { readonly path: string }
  /** Anything else: a command that is run. */
  | { readonly command: readonly string[] };

let watchdog: ChildProcess | undefined;
let lastId = 0;

/**
 * Has `belonging` cleared away should this process end, by SIGKILL too, before the returned function is called.
 * One watchdog process serves all; it ends with us.
 */
export function whenWeDie(belonging: Belonging): () => void {
  const told = (watchdog ??= startWatchdog()).stdin;
  const id = (lastId += 1);
  told?.write(`${JSON.stringify({ id, belonging })}\n`);
  return () => void told?.write(`${JSON.stringify({ id })}\n`);
}

function startWatchdog(): ChildProcess {
  const child = spawn(process.execPath, [fileURLToPath(new URL('./watchdog.ts', import.meta.url))], {
    detached: true, // a group of its own: Ctrl+C in the terminal must not end it before us
    stdio: ['pipe', 'ignore', 'ignore'],
  });
  child.unref();
  const { stdin } = child;
  if (stdin && 'unref' in stdin) (stdin as unknown as { unref(): void }).unref();
  stdin?.on('error', () => {});
  return child;
}
