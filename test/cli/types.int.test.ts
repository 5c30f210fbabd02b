import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { append } from '../../outbox/append.ts';
import { recordOverlap } from '../../outbox/record-overlap.ts';
import { scene } from '../relay/support.ts';
import { banyan } from './support/banyan.ts';
import { openSite } from './support/site.ts';

const schema = `{ '~standard': { version: 1, vendor: 'any', validate: (value) => ({ value }) } }`;
const REGISTRY = `export default {
  events: {
    OrderPlaced: { aggregate: 'order', versions: { 1: { schema: ${schema} }, 2: { schema: ${schema}, upcast: (older) => older } } },
    StockChanged: { aggregate: 'product', versions: { 1: { schema: ${schema} } }, onPoison: 'skip' },
  },
  aggregates: { order: { ordered: 'sequence' } },
};`;

async function site(outbox: string, more = '') {
  const opened = await openSite();
  onTestFinished(() => opened.stop());
  await writeFile(join(opened.folder, 'events.mjs'), REGISTRY);
  await writeFile(
    join(opened.folder, 'banyan.yaml'),
    `upstreams: { monolith: { url: '${opened.monolith}' } }\n${outbox}registry: ./events.mjs\n${more}`,
  );
  const { folder: cwd } = opened;
  return (...args: string[]) => banyan(args, { cwd });
}

test('types are listed, paused and resumed', async () => {
  const it = await scene();
  const run = await site(`outbox: { database: '${it.url}' }\n`);
  const paused = await run('types', 'pause', 'StockChanged', '--reason', 'wrong stock');
  expect(paused.stdout).toContain("type 'StockChanged' is paused");
  await append((sql, values) => it.database.query(sql, values), {
    type: 'StockChanged',
    aggregate: { type: 'product', id: 1 },
    data: {},
  });
  await it.database.query("UPDATE banyan_outbox SET state = 'parked', parked_kind = 'paused'");
  const listed = await run('types');
  expect(listed.stdout).toMatch(/^OrderPlaced +order +1, 2 +sequence +wait +sent +0$/m);
  expect(listed.stdout).toMatch(/^StockChanged +product +1 +by lock +skip +PAUSED +1$/m);
  expect(listed.stdout).toMatch(/^StockChanged: paused since 20.* UTC by .+@.+: wrong stock$/m);
  expect(listed.exitCode).toBe(1);
  expect((await run('types', 'resume', 'StockChanged')).stdout).toBe(
    "type 'StockChanged' goes on, with 1 key that waited\n",
  );
  expect((await it.states()).pending).toBe(1);
  expect((await run('types', 'history')).stdout).toMatch(
    /^StockChanged +20.* +.+@.+ +20.* +.+@.+ +wrong stock$/m,
  );

  await recordOverlap(it.database, { key: 'order:7', type: 'LineAdded', earlier: 3, later: 4 });
  await recordOverlap(it.database, { key: 'order:7', type: 'LineAdded', earlier: 8, later: 9 });
  expect((await run('types', 'overlaps')).stdout).toMatch(/^order:7 +LineAdded +8 +9 +2 +20/m);
});

test('a registry with mistakes, and a capture of a numbered aggregate, are named by config check', async () => {
  const run = await site(
    '',
    'captures: { orders: { table: orders, key: id, columns: [sku], aggregate: order } }\n',
  );
  const refused = await run('config', 'check');
  expect(refused.exitCode).toBe(2);
  expect(refused.stderr).toMatch(/captures\.orders\.aggregate: 'order' is `ordered: sequence`/);

  const sound = await site('');
  expect((await sound('config', 'check')).stdout).toMatch(/1 upstream, 2 event types$/m);
});
