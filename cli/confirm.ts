import { createInterface } from 'node:readline/promises';
import { UsageError } from './usage-error.ts';

/** Asks on the terminal whether to go on. Without a terminal there is nobody to ask, and `--yes` is required. */
export async function confirm(question: string): Promise<boolean> {
  if (!process.stdin.isTTY) throw new UsageError(`${question} Say --yes to do it without being asked.`);
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  try {
    return /^y(es)?$/i.test((await terminal.question(`${question} Go on? [y/N] `)).trim());
  } finally {
    terminal.close();
  }
}
