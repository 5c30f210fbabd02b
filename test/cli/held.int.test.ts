import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, expect, test } from 'vitest';
import { mysqlInbox } from '../../consumer/index.ts';
import type { CloudEvent } from '../../outbox/event.ts';
import { openDatabase } from '../../runtime/database.ts';
import { numberedEvent } from '../consumer/events.ts';
import { freshDatabase } from '../support/database.ts';
import { banyan } from './support/banyan.ts';

const cwd = mkdtempSync(join(tmpdir(), 'banyan-held-'));
const url = await freshDatabase('inbox');
const database = openDatabase(url);
const ours = (path: string) => fileURLToPath(new URL(`../../${path}`, import.meta.url));
writeFileSync(
  join(cwd, 'registry.ts'),
  `import { defineRegistry } from ${JSON.stringify(ours('outbox/index.ts'))};
const schema = { '~standard': { version: 1, vendor: 'own', validate: (value) => ({ value }) } };
export default defineRegistry({
  events: { Counted: { aggregate: 'counter', versions: { 1: { schema } }, personal: ['email'] } },
  aggregates: { counter: { ordered: 'sequence' } },
});\n`,
);
writeFileSync(
  join(cwd, 'banyan.yaml'),
  'upstreams: { monolith: { url: http://127.0.0.1:3000 } }\nregistry: ./registry.ts\n',
);
afterAll(async () => {
  await database.end();
  rmSync(cwd, { recursive: true });
});
const held = (...args: string[]) => banyan(['held', ...args, '--database', url], { cwd });

const { numbers } = mysqlInbox(database);
const apply = (event: CloudEvent, application = 'counting') =>
  numbers!.apply(
    { application, stream: 's', shard: 'shard' },
    { event, key: event.partitionkey, number: BigInt(event.sequence!) },
    { effect: async () => {}, recorded: Date.now() },
  );
/** Handles what is ready, as the consumer does. */
const drain = async (key: string) => {
  while ((await numbers!.applyHeld('counting', key, () => undefined)).ready);
};
const plain = (text: string) => text.replaceAll(/\d+ (ms|s|min)\b/g, '1 s').replaceAll(/ +/g, ' ');

test('list tells what waits and what is parked; pass, handle and skip decide on it, audited; show masks', async () => {
  const first = numberedEvent('b', 1);
  const twice = [1, 2].map(() => numberedEvent('b', 1, { data: { n: 1, email: 'ada@example.org' } })) as [
    CloudEvent,
    CloudEvent,
  ];
  for (const event of [1, 3, 5].map((n) => numberedEvent('a', n))) await apply(event);
  await apply(first);
  for (const event of twice) await apply(event);
  await apply(numberedEvent('c', 1), 'other');
  await apply(numberedEvent('c', 3), 'other');

  const ids = (JSON.parse((await held('list', '--json')).stdout) as { known: { id: number }[] }).known.map(
    ({ id }) => String(id),
  ) as [string, string];
  const [list, show, none] = await Promise.all([
    held('list'),
    held('show', ids[0]),
    held('pass', '--key', 'counter:b', '--reason', 'why'),
  ]);
  expect(list).toMatchObject({ exitCode: 0, stderr: '' });
  expect(plain(list.stdout)).toBe(
    'waiting for numbers that have not come\n' +
      'application key missing held age\n' +
      'counting counter:a 2 2 1 s\n' +
      'other counter:c 2 1 1 s\n' +
      '\n' +
      'parked: their key has passed their number\n' +
      'id application key number event other event type state age\n' +
      twice
        .map(({ id }, i) => `${ids[i]} counting counter:b 1 ${id} ${first.id} Counted parked 1 s\n`)
        .join(''),
  );
  expect(show).toMatchObject({ exitCode: 0 });
  expect(show.stdout).toContain(twice[0].id);
  expect(show.stdout).not.toContain('ada@');
  expect(none).toMatchObject({ exitCode: 1, stdout: 'no key that is meant waits for a number\n' });

  const because = ['--reason', 'test order', '--actor', 'ann'];
  const [pass, handle, wrong] = await Promise.all([
    held('pass', '--application', 'counting', ...because),
    held('handle', ids[0], ...because),
    held('skip', ids[1], '9999', ...because),
  ]);
  expect(pass).toMatchObject({ exitCode: 0, stdout: 'counting counter:a: goes on without 2\n' });
  expect(handle.stdout).toBe(
    `${ids[0]}: number 1 of counting counter:b is handled by the consumer within seconds\n`,
  );
  expect(wrong).toMatchObject({ exitCode: 1, stderr: expect.stringContaining('9999 is not parked') });
  const skip = await held('skip', ids[1], ...because);
  expect(skip.stdout).toBe(`${ids[1]}: number 1 of counting counter:b is given up\n`);
  await drain('counter:a');
  await drain('counter:b');

  const [after, audit] = await Promise.all([held('list', '--json', '--key', 'counter:a'), held('audit')]);
  expect(JSON.parse(after.stdout)).toMatchObject({
    gaps: [{ application: 'counting', key: 'counter:a', handled: '3', next: '5' }],
    known: [],
  });
  expect(audit.stdout).toContain('counter:a  number 2');
  expect(audit.stdout.match(/ann .*test order/g)).toHaveLength(3);
  const all = await held('pass', '--all', '--yes', ...because);
  expect(all.stdout.split('\n').toSorted()).toEqual([
    '',
    'counting counter:a: goes on without 4',
    'other counter:c: goes on without 2',
  ]);
});
