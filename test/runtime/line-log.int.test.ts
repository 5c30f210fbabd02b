import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, onTestFinished, test } from 'vitest';
import { until } from '../support/until.ts';

const script = fileURLToPath(new URL('line-writer.ts', import.meta.url));

function writer(count: number, how: 'close' | 'fault' | 'stay') {
  const child = spawn(process.execPath, [script, String(count), how], { stdio: ['ignore', 'pipe', 'pipe'] });
  onTestFinished(() => void child.kill('SIGKILL'));
  let said = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (said += text));
  const all = async () => {
    let text = '';
    for await (const chunk of child.stdout) text += String(chunk);
    return text
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as { index: number; name: string });
  };
  return { child, all, said: () => said };
}

test.each(['close', 'fault'] as const)(
  'every line is written, whole and in order, before a process ends by %s',
  async (how) => {
    const { all, said } = writer(5_000, how);
    const lines = await all();
    expect(lines.map(({ index }) => index)).toEqual(Array.from({ length: 5_000 }, (_, index) => index));
    expect(lines[0]).toMatchObject({
      level: 30,
      name: 'test',
      pid: expect.any(Number),
      time: expect.any(Number),
    });
    if (how === 'fault') expect(said()).toContain('a fault');
  },
);

test('a few lines are there without more to come', async () => {
  const { child } = writer(3, 'stay');
  let text = '';
  child.stdout.on('data', (chunk) => (text += String(chunk)));
  await until('all three', () => text.split('\n').length === 4);
});

test('whoever doesn’t read holds nobody up: what is too much is lost and counted, and memory stays bounded', async () => {
  // 24 MB for nobody.
  const { child, said } = writer(80_000, 'stay');
  child.stdout.pause();
  const { latest, lost } = JSON.parse(await until('it is done', () => /^\{.*\}$/m.exec(said())?.[0])) as {
    latest: number;
    lost: number;
  };
  expect(lost).toBeGreaterThan(10_000);
  expect(lost).toBeLessThan(40_000);
  expect(latest).toBeLessThan(5_000);
});

test('a reader that goes away ends nothing', async () => {
  const { child, said } = writer(40_000, 'stay');
  child.stdout.destroy();
  await until('it goes on', () => /^\{.*\}$/m.exec(said()));
  expect(child.exitCode).toBe(null);
});
