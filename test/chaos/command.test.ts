import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';

const MAIN = fileURLToPath(new URL('./main.ts', import.meta.url));
const chaos = (...args: string[]) =>
  promisify(execFile)(process.execPath, [MAIN, ...args]).then(
    ({ stdout }) => ({ code: 0, stdout, stderr: '' }),
    ({ code, stdout, stderr }: { code: number; stdout: string; stderr: string }) => ({
      code,
      stdout,
      stderr,
    }),
  );

test('called wrongly it names every mistake, starts nothing and exits with 2', async () => {
  const { code, stderr } = await chaos('--seed', 'x', '--rate', '0', '--database', 'oracle');
  expect(code).toBe(2);
  for (const mistake of ['--minutes is not given', '--seed is x', '--rate is 0', '--database is oracle'])
    expect(stderr).toContain(mistake);
  expect(await chaos('--seconds', '3')).toMatchObject({ code: 2 });
});

test('--help says what there is to say', async () => {
  const { code, stdout } = await chaos('--help');
  expect(code).toBe(0);
  for (const option of ['--minutes', '--seed', '--database', '--rate', '--rules', '--json'])
    expect(stdout).toContain(option);
});
