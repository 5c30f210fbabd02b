import { vi } from 'vitest';
import { openProgram } from '../../../cli/program.ts';

/** What `banyan stream …` prints. */
export async function stream(...args: readonly string[]): Promise<string> {
  const written: string[] = [];
  const spy = vi.spyOn(process.stdout, 'write').mockImplementation((text) => written.push(String(text)) > 0);
  try {
    await (await openProgram(['stream'])).parseAsync(['stream', ...args], { from: 'user' });
  } finally {
    spy.mockRestore();
  }
  return written.join('');
}
