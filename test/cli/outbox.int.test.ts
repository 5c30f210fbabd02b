import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { writeOwnership } from '../../outbox/ownership.ts';
import { openDatabase, type Database } from '../../runtime/database.ts';
import { freshDatabase } from '../support/database.ts';

let [from, to] = ['', ''];
let database: Database;
beforeAll(async () => {
  [from, to] = await Promise.all([freshDatabase('outbox'), freshDatabase('outbox')]);
  database = openDatabase(from);
});
afterAll(() => database.end());

function banyan(...args: string[]): Promise<{ code: number; out: string; err: string }> {
  const main = new URL('../../cli/main.ts', import.meta.url).pathname;
  return new Promise((resolve) => {
    execFile(process.execPath, [main, 'outbox', ...args], (error, out, err) =>
      resolve({ code: error === null ? 0 : Number(error.code), out, err }),
    );
  });
}
const nameOf = (url: string) => url.replace(/^.*@/, '');

test('`outbox ownership` lists what is not simply its own, under the heads that the page shows', async () => {
  expect(await banyan('ownership', '--database', from)).toEqual({
    code: 0,
    out: `all aggregate types are ${nameOf(from)}'s own\n`,
    err: '',
  });
  await writeOwnership(database, ['stock'], 'given', 'elsewhere:3306/inventory');
  const { out } = await banyan('ownership', '--database', from);
  const page = await readFile(new URL('../../docs/own-outbox.md', import.meta.url), 'utf8');
  expect(out.split('\n')[1]).toMatch(/^stock +given +elsewhere:3306\/inventory +\d{4}-\d\d-\d\d [\d:.]+$/);
  expect(page).toMatch(
    new RegExp(out.split('\n')[0]!.trim().split(/ {2,}/).join(' +').replace(/[()]/g, '\\$&')),
  );
  const [json] = JSON.parse((await banyan('ownership', '--json', '--database', from)).out) as object[];
  expect(json).toMatchObject({ aggregateType: 'stock', state: 'given', peer: 'elsewhere:3306/inventory' });
});

test('`outbox move` of outboxes without a stream is refused, with exit code 1', async () => {
  const { code, err } = await banyan('move', 'stock', '--from', from, '--to', to);
  expect({ code, err }).toEqual({
    code: 1,
    err: expect.stringContaining(
      `${nameOf(from)} sends to stream (none yet) and ${nameOf(to)} to (none yet)`,
    ) as string,
  });
});

test.each([
  [['move', 'stock'], /--to/],
  [['move', 'a:b', '--from', 'mysql://h/a', '--to', 'mysql://h/b'], /'a:b': required are aggregate types/],
  [['move', 'a', '--from', 'mysql://h/a', '--to', 'mysql://u@h:3306/a'], /both outboxes are h:3306\/a/],
  [['move', 'a', '--from', 'mysql://h/a', '--to', 'mysql://h/b', '--timeout', 'soon'], /--timeout is 'soon'/],
])('called wrongly, %j, it says so, with exit code 2', async (args, said) => {
  const { code, err } = await banyan(...args);
  expect(code).toBe(2);
  expect(err).toMatch(said);
});
