import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CommanderError } from 'commander';
import { expect, inject, onTestFinished, test } from 'vitest';
import { openProgram } from '../../cli/program.ts';
import { freshDatabase } from '../support/database.ts';
import { freshStream } from '../support/stream.ts';
import { banyan } from './support/banyan.ts';

const url = await freshDatabase('outbox');
const [stream, further] = [await freshStream(1), await freshStream(1)];

async function folderWith(yaml: string): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'banyan-doctor-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  await writeFile(
    join(folder, 'banyan.yaml'),
    `upstreams: { monolith: { url: http://127.0.0.1:3000 } }\n${yaml}`,
  );
  return folder;
}

test('the table names what is amiss with what to do; --json and --only tell the same in parts', async () => {
  const cwd = await folderWith(
    `outbox: { database: '${url}' }\nstream: { name: ${stream}, endpoint: '${inject('kinesis')}' }\nstreams: { ${further}: {} }\n`,
  );
  const sound = await banyan(['doctor'], { cwd });
  expect(sound.exitCode, sound.stdout + sound.stderr).toBe(0);
  expect(sound.stdout).toMatch(/^ok +outbox +indexes +all indexes are there$/m);
  expect(sound.stdout).toMatch(/^warning: stream, retention: .*\n {2}required: .*\n {2}to do: {4}\S/m);
  expect(sound.stdout).toMatch(new RegExp(`^ok +stream ${further} +state `, 'm'));
  expect(sound.stdout).toMatch(/^0 problems, 0 unknown, \d+ warnings, \d+ ok$/m);

  const bad = await banyan(
    ['doctor', '--only', 'grants,rights,version', '--json', '--database', `${url}_not_there`],
    { cwd },
  );
  expect(bad.exitCode).toBe(1);
  const { sound: verdict, findings } = JSON.parse(bad.stdout) as {
    sound: boolean;
    findings: { check: string; level: string }[];
  };
  expect(verdict).toBe(false);
  expect(findings.map(({ check, level }) => `${check}: ${level}`)).toEqual([
    'reached: unknown',
    ...Array.from({ length: 6 }, () => 'rights: ok'),
  ]);
});

test('called wrongly it exits with 2 and says how', async () => {
  const cwd = await folderWith('');
  expect(await banyan(['doctor'], { cwd })).toMatchObject({
    exitCode: 2,
    stderr: expect.stringContaining('nothing to look at'),
  });
  const program = await openProgram(['doctor']);
  for (const wrong of [
    ['--only', 'weather'],
    ['--database', 'localhost'],
  ])
    await expect(program.parseAsync(['doctor', ...wrong], { from: 'user' })).rejects.toThrow(CommanderError);
});
