import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, inject, onTestFinished, test } from 'vitest';
import { startChild, type Child } from '../../demo/servers/child.ts';
import { append } from '../../outbox/append.ts';
import { readStream } from '../support/stream.ts';
import { until } from '../support/until.ts';
import { drained, scene } from './support.ts';

/** `banyan relay` with that configuration and those files beside it. */
async function banyanRelay(config: string, files: Record<string, string> = {}): Promise<Child> {
  const folder = await mkdtemp(join(tmpdir(), 'banyan-relay-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  for (const [name, text] of Object.entries({ ...files, 'banyan.yaml': config })) {
    await writeFile(join(folder, name), text);
  }
  const child = startChild({
    command: process.execPath,
    args: [
      fileURLToPath(new URL('../../cli/main.ts', import.meta.url)),
      '-c',
      join(folder, 'banyan.yaml'),
      'relay',
    ],
    env: { PATH: process.env['PATH'] },
  });
  onTestFinished(() => child.stop());
  return child;
}
const monolith = `upstreams:\n  monolith: { url: http://127.0.0.1:1 }\n`;

test('banyan relay publishes the outbox of banyan.yaml, translated, and ends cleanly on SIGTERM', async () => {
  const it = await scene();
  const child = await banyanRelay(
    `${monolith}
redis: ${inject('redis')}
outbox: { database: '${it.url}' }
stream: { name: ${it.stream}, endpoint: '${inject('kinesis')}' }
relay: { ops: 127.0.0.1:0, lease: 2s, requestTimeout: 500ms, heartbeat: false }
captures:
  catalogue: { table: products, key: id, columns: [price], aggregate: product, translate: ./catalogue.ts }
`,
    {
      'catalogue.ts': `export const translate = (change: { after: { price: string } | null }) =>
        change.after === null ? undefined : { type: 'PriceChanged', data: { price: change.after.price } };`,
    },
  );
  const change = (op: string, after: unknown) => ({
    type: `row.catalogue.${op}`,
    aggregate: { type: 'product', id: 5 },
    data: { op, table: 'products', before: null, after },
  });
  await append(
    (sql, values) => it.database.query(sql, values),
    [change('insert', { price: '1.10' }), change('delete', null), change('update', { price: '2.50' })],
  );
  await drained(it).catch((cause: unknown) => {
    throw new Error(child.output(), { cause });
  });
  const sent = (await readStream(it.stream)).map(
    ({ Data }) => JSON.parse(Buffer.from(Data!).toString()) as { id: string },
  );
  // What is in doubt on a slow machine is sent again.
  const events = sent.filter(({ id }, index) => sent.findIndex((event) => event.id === id) === index);
  expect(events).toMatchObject([
    { type: 'PriceChanged', data: { price: '1.10' } },
    { type: 'PriceChanged', data: { price: '2.50' } },
  ]);
  const [silent] = await it.database.query(
    `SELECT state, r.sequence_number FROM banyan_outbox JOIN banyan_outbox_receipt r USING (id)
      WHERE type = 'row.catalogue.delete'`,
  );
  expect(silent).toEqual([{ state: 'settled', sequence_number: null }]);

  const ops = /"ops":"(http:[^"]+)"/.exec(child.output())![1]!;
  expect((await fetch(`${ops}/healthz`)).status).toBe(200);
  expect(await (await fetch(`${ops}/metrics`)).text()).toMatch(
    /^banyan_relay_published_total\{stream="[\w-]+"\} 2$/m,
  );
  await until('it is ready', async () => (await fetch(`${ops}/readyz`)).status === 200);
  child.kill('SIGTERM');
  expect(await child.ended).toBe(0);
  const [held] = await it.database.query('SELECT 1 FROM banyan_outbox_lease WHERE owner IS NOT NULL');
  expect(held).toEqual([]);
});

test('a configuration without an outbox or a stream is refused with what is missing', async () => {
  const child = await banyanRelay(monolith);
  expect(await child.ended).toBe(2);
  expect(child.output()).toContain('a relay needs outbox.database and stream.name');
});

test('a translation module that is not one is refused', async () => {
  const it = await scene();
  const child = await banyanRelay(
    `${monolith}
outbox: { database: '${it.url}' }
stream: { name: ${it.stream}, endpoint: '${inject('kinesis')}' }
captures:
  catalogue: { table: products, key: id, columns: [price], aggregate: product, translate: ./missing.ts }
`,
  );
  expect(await child.ended).toBe(1);
  expect(child.output()).toContain('captures.catalogue.translate');
});
