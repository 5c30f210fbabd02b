import { expect, test } from 'vitest';
import { chaos } from './run-command.ts';

test('called wrongly it names every mistake, starts nothing and exits with 2', async () => {
  const { code, stderr } = await chaos(
    '--seed',
    'x',
    '--rate',
    '0',
    '--database',
    'oracle',
    '--without',
    '7',
  );
  expect(code).toBe(2);
  for (const mistake of [
    '--minutes is not given',
    '--seed is x',
    '--rate is 0',
    '--database is oracle',
    '--without is 7',
  ])
    expect(stderr).toContain(mistake);
  expect(await chaos('--seconds', '3')).toMatchObject({ code: 2 });
});

test('--help says what there is to say', async () => {
  const { code, stdout } = await chaos('--help');
  expect(code).toBe(0);
  for (const option of ['--minutes', '--seed', '--database', '--rate', '--without', '--rules', '--json'])
    expect(stdout).toContain(option);
});
