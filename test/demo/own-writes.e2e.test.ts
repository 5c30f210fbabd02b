import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';

const MAIN = fileURLToPath(new URL('../../demo/main.ts', import.meta.url));
const given = process.env['BANYAN_TEST_DATABASE'];

const demo = async (...args: string[]) => {
  const { BANYAN_DATABASE_URL: _database, BANYAN_REDIS_URL: _redis, ...inherited } = process.env;
  const env = { ...inherited, ...(given ? { BANYAN_DATABASE_URL: given } : {}) };
  const failed = (error: { code?: number; stdout?: string; stderr?: string }) => ({
    ...{ stdout: '', stderr: '', ...error },
    code: error.code ?? 1,
  });
  const run = promisify(execFile)(process.execPath, [MAIN, ...args], { env });
  return run.then((output) => ({ ...output, code: 0 }), failed);
};

it('shows no session what its own write has made old, on two gateways and with a consumer two seconds late', async () => {
  const { stdout, stderr, code } = await demo('--own-writes', '--sessions', '200');
  const last = stdout.trimEnd().split('\n').at(-1);
  expect(last, `${stdout}${stderr}`).toMatch(
    /^demo ok: 200 sessions, \d+ reads after an own write, 0 sessions with a stale one at once, 0 later, without afterWrite [1-9]\d* of 100$/,
  );
  expect(code).toBe(0);
});

it('says what it can be told, and what was told wrongly', async () => {
  const { stdout, code } = await demo('--help');
  expect({ stdout, code }).toMatchObject({ code: 0, stdout: expect.stringContaining('--own-writes') });
  const wrong = await demo('--sessions', '0');
  expect(wrong.code).toBe(2);
  expect(wrong.stderr.split('\n')).toEqual([
    '--sessions 0: required is a whole number above 0',
    '--sessions is of --own-writes; give both',
    '',
  ]);
});
