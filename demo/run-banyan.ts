import { execFile } from 'node:child_process';
import { scriptPath } from './start-process.ts';
import type { Terminal } from './terminal.ts';

export interface Answer {
  readonly output: string;
  readonly exitCode: number;
}

export interface Banyan {
  /** Runs the real command and returns what it printed. Rejects when it fails, unless `mayFail`. */
  run(args: readonly string[], mayFail?: boolean): Promise<Answer>;
  /** The same, shown on the terminal as it was typed. */
  show(args: readonly string[], mayFail?: boolean): Promise<Answer>;
}

export interface BanyanOptions {
  readonly config: string;
  readonly token: string;
  readonly terminal: Terminal;
  readonly signal: AbortSignal;
}

/** The `banyan` command as an operator of this demo has it: its configuration and a token in the environment. */
export function openBanyan({ config, token, terminal, signal }: BanyanOptions): Banyan {
  const run = (args: readonly string[], mayFail = false): Promise<Answer> =>
    new Promise((resolve, reject) => {
      execFile(
        process.execPath,
        [scriptPath('cli/main.ts'), '-c', config, ...args],
        { env: { ...process.env, BANYAN_TOKEN: token }, signal, timeout: 60_000 },
        (error, stdout, stderr) => {
          if (signal.aborted) return reject(signal.reason as Error);
          const output = `${stdout}${stderr}`;
          if (error && typeof error.code !== 'number') return reject(error);
          const exitCode = Number(error?.code ?? 0);
          if (exitCode === 0 || mayFail) return resolve({ output, exitCode });
          reject(new Error(`banyan ${args.join(' ')} ended with ${exitCode}:\n${output}`, { cause: error }));
        },
      );
    });
  return {
    run,
    async show(args, mayFail) {
      const answer = await run(args, mayFail);
      terminal.command(`banyan ${args.map(quoted).join(' ')}`, answer.output);
      return answer;
    },
  };
}

const quoted = (arg: string): string => (/^[\w./:=-]+$/.test(arg) ? arg : `'${arg}'`);
