import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

export const CLI = fileURLToPath(new URL('../../../cli/main.ts', import.meta.url));

export interface Ran {
  readonly exitCode: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunOptions {
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** What is typed; nothing unless given. */
  readonly input?: string;
}

/** Runs the command as a shell would, to its end. BANYAN_… of the surroundings is not passed on. */
export function banyan(
  args: readonly string[],
  { cwd, env = {}, input = '' }: RunOptions = {},
): Promise<Ran> {
  const surroundings = Object.entries(process.env).filter(([name]) => !name.startsWith('BANYAN_'));
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [CLI, ...args], {
      cwd,
      env: { ...Object.fromEntries(surroundings), ...env },
    });
    let stdout = '';
    let stderr = '';
    child.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString()));
    child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
    child.once('error', reject);
    child.once('close', (exitCode) => resolve({ exitCode, stdout, stderr }));
    // A command that doesn't read its input may have ended already.
    child.stdin.on('error', () => {});
    child.stdin.end(input);
  });
}
