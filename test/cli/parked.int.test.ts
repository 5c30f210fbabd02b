import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeEach, expect, test } from 'vitest';
import { append } from '../../outbox/append.ts';
import { openDatabase } from '../../runtime/database.ts';
import { freshDatabase } from '../support/database.ts';
import { banyan } from './support/banyan.ts';

const cwd = mkdtempSync(join(tmpdir(), 'banyan-parked-'));
const url = await freshDatabase('outbox');
const database = openDatabase(url);
const ours = (path: string) => fileURLToPath(new URL(`../../${path}`, import.meta.url));
writeFileSync(
  join(cwd, 'registry.ts'),
  `import { defineRegistry } from ${JSON.stringify(ours('outbox/index.ts'))};
const schema = { '~standard': { version: 1, vendor: 'own', validate: (value) => ({ value }) } };
export default defineRegistry({ events: {
  OrderPlaced: { aggregate: 'order', versions: { 1: { schema } }, personal: ['customer.email'] },
} });\n`,
);
writeFileSync(
  join(cwd, 'banyan.yaml'),
  `upstreams: { monolith: { url: http://127.0.0.1:3000 } }
registry: ./registry.ts
outbox: { database: '${url}' }
captures:
  people: { table: people, key: id, columns: [id, name], personal: [name], aggregate: person }
`,
);
afterAll(async () => {
  await database.end();
  rmSync(cwd, { recursive: true });
});
const parked = (...args: string[]) => banyan(['parked', ...args], { cwd });

/** Row ids, in order, of three events of order:7, the first two parked, and one parked of order:8. */
let ids: string[];
beforeEach(async () => {
  await database.query('DELETE FROM banyan_outbox');
  await database.query('DELETE FROM banyan_outbox_audit');
  await append(
    (sql, values) => database.query(sql, values),
    ['7', '7', '7', '8'].map((id) => ({
      ...{ type: 'OrderPlaced', aggregate: { type: 'order', id } },
      data: { customer: { email: 'ada@example.org' }, total: 5 },
    })),
  );
  const [rows] = await database.query('SELECT id FROM banyan_outbox ORDER BY id');
  ids = (rows as { id: number }[]).map(({ id }) => String(id));
  await database.query(
    `UPDATE banyan_outbox SET state = 'parked', parked_kind = 'poison', parked_at = NOW(6), parked_reason = 'too large'
      WHERE id <> ?`,
    [ids[2]],
  );
});
const states = async () => {
  const [rows] = await database.query('SELECT COALESCE(outcome, state) AS s FROM banyan_outbox ORDER BY id');
  return (rows as { s: string }[]).map(({ s }) => s);
};

test('list tells what is parked, why, and what waits behind it; show masks what is personal', async () => {
  const [list, json, show] = await Promise.all([
    parked('list', '--key', 'order:7'),
    parked('list', '--json'),
    parked('show', ids[0]!),
  ]);
  expect(list).toMatchObject({ exitCode: 0, stderr: '' });
  expect(list.stdout.replaceAll(/\d+ ms|\d+ s/g, '1 s').replaceAll(/ +/g, ' ')).toBe(
    `id key type state kind age waiting reason\n` +
      `${ids[0]} order:7 OrderPlaced parked poison 1 s 1 too large\n` +
      `${ids[1]} order:7 OrderPlaced parked poison 1 s – too large\n` +
      'parked: 2 events of 1 key, behind which 1 event waits\n',
  );
  expect(JSON.parse(json.stdout)).toMatchObject({
    ...{ parked: 3, keys: 2, waiting: 1, atLeast: false },
    events: [{ id: Number(ids[0]), waiting: 1, reason: 'too large' }, {}, { key: 'order:8', waiting: 0 }],
  });
  expect(show.stdout).not.toContain('ada@');
  expect(show.stdout).toContain('{"customer":{"email":"(text, 9 to 32 characters)"},"total":5}');
  expect(show.stdout).toContain('waiting     1 pending of this key\nnext of its key:\n');
  expect(show.stdout).toContain(`  ${ids[1]}  OrderPlaced  parked\n  ${ids[2]}  OrderPlaced  pending\n`);
});

test('one event is sent again at once; one behind an earlier parked one of its key is refused', async () => {
  const refused = await parked('redrive', ids[1]!);
  expect(refused).toMatchObject({ exitCode: 1 });
  expect(refused.stdout).toContain(
    `refused: ${ids[1]} comes after ${ids[0]}, which is parked too and holds its key: name both, or the whole key with --key 'order:7'\nnothing was changed\n`,
  );
  const done = await parked('redrive', ids[3]!, '--actor', 'ann', '--reason', 'stream raised');
  expect(done).toMatchObject({
    exitCode: 0,
    stdout: 'pending again: 1 of 1 event, of 1 key, behind which 0 events wait\n',
  });
  expect(await states()).toEqual(['parked', 'parked', 'pending', 'pending']);
  const audit = await parked('audit');
  expect(audit.stdout).toMatch(/ann +redriven +\d+ +order:8 +OrderPlaced +stream raised +was parked\n/);
});

test('more than one asks first, and without a terminal wants --yes', async () => {
  const asked = await parked('redrive', '--all');
  expect(asked).toMatchObject({ exitCode: 2, stdout: '' });
  expect(asked.stderr).toContain(
    'This sends 3 events again, of 2 keys, behind which 1 event waits. Say --yes to do it without being asked.',
  );
  expect(await states()).toEqual(['parked', 'parked', 'pending', 'parked']);
});

test('giving up wants a reason, takes a whole key, and is audited with who did it', async () => {
  await database.query('UPDATE banyan_outbox SET sequence = 5 WHERE id = ?', [ids[1]]);
  const done = await parked('skip', '--key', 'order:7', '--reason', 'test data', '--yes');
  expect(done.stdout).toBe(
    'given up: 2 of 2 events, of 1 key, behind which 1 event waits\n' +
      'numbered, and so waited for by consumers that know their types as `ordered: sequence`:\n' +
      '  order:7: 5\n' +
      'let them go on where they wait: banyan held pass --key <key> --database <inbox> --reason <text>\n',
  );
  expect(await states()).toEqual(['discarded', 'discarded', 'pending', 'parked']);
  const [audit] = await database.query('SELECT actor, action, reason FROM banyan_outbox_audit');
  expect(audit).toMatchObject([
    { actor: expect.stringMatching(/.@./) as string, action: 'discarded', reason: 'test data' },
    {},
  ]);
});

test('an id that is neither parked nor skipped is named, and nothing is changed', async () => {
  const unknown = await parked('redrive', ids[0]!, ids[2]!, '999999', '--yes');
  expect(unknown).toMatchObject({ exitCode: 1, stdout: '' });
  expect(unknown.stderr).toContain(`${ids[2]}, 999999 are neither parked nor skipped`);
  expect(await states()).toEqual(['parked', 'parked', 'pending', 'parked']);
});
