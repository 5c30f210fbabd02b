import { once } from 'node:events';
import { get, type ServerResponse } from 'node:http';
import { expect, test } from 'vitest';
import { until } from '../../support/until.ts';
import { send } from '../support/client.ts';
import { metric } from '../support/gateway.ts';
import { startRaw, startUpstream, valuesOf } from '../support/upstream.ts';
import { countOf, json, reportOf, shadowing, untilCounted } from './support.ts';

test('a copy goes to the extracted service once the monolith’s answer is on its way, and is marked', async () => {
  let answering: ServerResponse | undefined;
  const monolith = await startUpstream('monolith', (_, response) => {
    answering = response;
  });
  const inventory = await startUpstream('inventory', json({ secret: 'of the service' }));
  const gateway = await shadowing({ monolith: monolith.url, inventory: inventory.url }, '{ sample: 1 }');
  const asked = send(gateway.url, '/stock/a%62c?q=1', {
    headers: { cookie: 'sid=ada', 'x-banyan-shadow': 'no' },
  });
  await until('the monolith is asked', () => answering);
  expect(inventory.seen).toEqual([]);

  answering!.writeHead(200, { 'content-type': 'text/plain', 'set-cookie': 'a=1' }).write('first, ');
  await until('the copy', () => inventory.seen.length === 1);
  answering!.end('second');
  expect(await asked).toMatchObject({ status: 200, body: 'first, second' });
  const [copy] = inventory.seen;
  expect(copy).toMatchObject({ method: 'GET', target: '/v2/items/abc?q=1' });
  expect(valuesOf(copy!.fields, 'x-banyan-shadow')).toEqual(['1']);
  expect(valuesOf(copy!.fields, 'cookie')).toEqual(['sid=ada']);
  expect(valuesOf(copy!.fields, 'host')).toEqual([new URL(gateway.url).host]);
  expect(valuesOf(monolith.seen[0]!.fields, 'x-banyan-shadow')).toEqual([]);
  await untilCounted(gateway, 'mismatch');
});

test('only reads that are sampled are copied, and none that could do or mean something else', async () => {
  const monolith = await startUpstream('monolith');
  const inventory = await startUpstream('inventory');
  const urls = { monolith: monolith.url, inventory: inventory.url };
  const gateway = await shadowing(urls, '{ sample: 1 }');
  await send(gateway.url, '/inventory/a', { method: 'POST', body: 'x' });
  await send(gateway.url, '/inventory/a/touch');
  await send(gateway.url, '/elsewhere');
  await send(gateway.url, '/inventory/a', { headers: { 'if-none-match': '"1"' } });
  await send(gateway.url, '/inventory/a', { headers: { range: 'bytes=0-1' } });
  await send(gateway.url, '/inventory/a', { headers: { 'content-length': '1' }, body: 'x' });
  expect(await countOf(gateway, 'skipped')).toBe(3);
  await send(gateway.url, '/inventory/a', { method: 'HEAD' });
  await untilCounted(gateway, 'match');
  expect(inventory.seen.map(({ method, target }) => `${method} ${target}`)).toEqual(['HEAD /inventory/a']);

  const none = await shadowing(urls, '{ sample: 0 }');
  await send(none.url, '/inventory/a');
  const legacy = await shadowing(urls, '{ sample: 1 }', 'legacy');
  await send(legacy.url, '/inventory/a');
  expect(inventory.seen).toHaveLength(1);
});

test('the report has a verdict for each route, the coverage, and examples without secrets', async () => {
  const monolith = await startUpstream('monolith', json({ price: 1.5, user: 'Ada', token: 'abcdef', ts: 1 }));
  const inventory = await startUpstream(
    'inventory',
    json({ price: 2.5, user: 'Bob', token: 'ghijkl', ts: 2 }),
  );
  const gateway = await shadowing(
    { monolith: monolith.url, inventory: inventory.url },
    '{ sample: 1, ignore: [ts], personal: [user], minSamples: 1 }',
  );
  await send(gateway.url, '/inventory/a?key=k1');
  await untilCounted(gateway, 'mismatch');
  const report = await reportOf(gateway);
  expect(report).toMatchObject({
    context: 'inventory',
    verdict: 'no-go',
    coverage: { routes: 3, covered: 1 },
    routes: [
      {
        route: 'GET /inventory/:sku',
        samples: 1,
        verdict: 'no-go',
        examples: [
          {
            target: '/inventory/a?key=…',
            differences: [
              { at: '$.price', monolith: '1.5', extracted: '2.5' },
              { at: '$.user', monolith: '(removed)', extracted: '(removed)' },
              { at: '$.token', monolith: '(removed)', extracted: '(removed)' },
            ],
          },
        ],
      },
      { route: 'GET /stock/:sku', samples: 0, verdict: 'unknown', examples: [] },
      { route: 'GET /twice/:sku' },
    ],
  });
});

test('a difference soon after a write of the same cohort is lag; of another, a mismatch', async () => {
  const monolith = await startUpstream('monolith', json({ stock: 1 }));
  const inventory = await startUpstream('inventory', json({ stock: 2 }));
  const gateway = await shadowing(
    { monolith: monolith.url, inventory: inventory.url },
    '{ sample: 1, maxLag: 10m }',
  );
  const as = (sid: string, method = 'GET') =>
    send(gateway.url, '/inventory/a', { method, headers: { cookie: `sid=${sid}` } });
  await as('ada', 'POST');
  await as('ada');
  await untilCounted(gateway, 'lag');
  await as('bob');
  await untilCounted(gateway, 'mismatch');
  expect(await countOf(gateway, 'lag')).toBe(1);
  expect((await reportOf(gateway)).routes[0]!.examples).toHaveLength(1);
});

test('a repeatable route asks the monolith twice, one after the other, and what differs there is noise', async () => {
  let number = 0;
  const numbered = (_: unknown, response: ServerResponse) =>
    json({ number: (number += 1) })(_ as never, response);
  const monolith = await startUpstream('monolith', numbered);
  const inventory = await startUpstream('inventory', numbered);
  const gateway = await shadowing({ monolith: monolith.url, inventory: inventory.url }, '{ sample: 1 }');
  await send(gateway.url, '/twice/a');
  await untilCounted(gateway, 'noise');
  expect(monolith.seen.map(({ target }) => target)).toEqual(['/twice/a', '/twice/a']);
  expect(monolith.seen.map(({ fields }) => valuesOf(fields, 'x-banyan-shadow'))).toEqual([[], ['1']]);
  await send(gateway.url, '/inventory/a');
  await untilCounted(gateway, 'mismatch');
  expect(monolith.seen).toHaveLength(3);
});

test('a body longer than the limit is truncated, and never equal', async () => {
  const long = (_: unknown, response: ServerResponse) => void response.end('x'.repeat(5_000));
  const monolith = await startUpstream('monolith', long);
  const inventory = await startUpstream('inventory', long);
  const gateway = await shadowing(
    { monolith: monolith.url, inventory: inventory.url },
    '{ sample: 1, maxBody: 4KiB }',
  );
  expect((await send(gateway.url, '/inventory/a')).body).toHaveLength(5_000);
  await untilCounted(gateway, 'truncated');
  expect((await reportOf(gateway)).routes[0]).toMatchObject({ samples: 1, matches: 0 });
  expect(await metric(gateway, 'banyan_gateway_shadow_bytes')).toBe(0);
});

test('an answer of the monolith that fails, or never ends, is nothing to compare with', async () => {
  const inventory = await startUpstream('inventory');
  const monolith = await startUpstream('monolith', ({ url }, response) => {
    if (url === '/inventory/fails') response.writeHead(500).end();
    else if (url === '/inventory/breaks') {
      response.writeHead(200, { 'content-length': '10' }).write('half');
      setImmediate(() => response.destroy());
    } else {
      response.writeHead(200, { 'content-type': 'text/event-stream' }).write('data: 1\n\n');
    }
  });
  const gateway = await shadowing({ monolith: monolith.url, inventory: inventory.url }, '{ sample: 1 }');
  await send(gateway.url, '/inventory/fails');
  await untilCounted(gateway, 'skipped');
  await expect(send(gateway.url, '/inventory/breaks')).rejects.toThrow();
  await untilCounted(gateway, 'skipped', 2);
  const events = get(`${gateway.url}/inventory/events`);
  const [incoming] = await once(events, 'response');
  const [first] = await once(incoming, 'data');
  expect(String(first)).toBe('data: 1\n\n');
  await untilCounted(gateway, 'skipped', 3);
  events.destroy();
  expect(await metric(gateway, 'banyan_gateway_shadow_bytes')).toBe(0);
});

test('copies that find the queue full are dropped and counted, and the clients are answered', async () => {
  const monolith = await startUpstream('monolith');
  const stalled = await startRaw(() => {});
  const gateway = await shadowing(
    { monolith: monolith.url, inventory: stalled.url },
    '{ sample: 1, queue: 2, concurrency: 1, timeout: 10m }',
  );
  const answers = await Promise.all(
    Array.from({ length: 8 }, (_, index) => send(gateway.url, `/inventory/${index}`)),
  );
  expect(answers.map(({ body }) => body)).toEqual(Array.from({ length: 8 }, () => 'monolith'));
  await untilCounted(gateway, 'dropped', 5);
  expect(await metric(gateway, 'banyan_gateway_shadow_dropped_total{context="inventory",why="queue"}')).toBe(
    5,
  );
  expect(stalled.sockets()).toHaveLength(1);
});

test('a service that is dead is left alone for a while', async () => {
  const monolith = await startUpstream('monolith');
  let dialled = 0;
  const dead = await startRaw((socket) => {
    dialled += 1;
    socket.resetAndDestroy();
  });
  const gateway = await shadowing(
    { monolith: monolith.url, inventory: dead.url },
    '{ sample: 1, concurrency: 1 }',
  );
  for (let number = 0; number < 5; number += 1) await send(gateway.url, '/inventory/a');
  await until('it pauses', async () => metric(gateway, 'banyan_gateway_shadow_paused{context="inventory"}'));
  const before = dialled;
  await Promise.all(Array.from({ length: 5 }, () => send(gateway.url, '/inventory/a')));
  await until('each has its outcome', async () => {
    const [errors, dropped] = [await countOf(gateway, 'error'), await countOf(gateway, 'dropped')];
    return errors + dropped === 10;
  });
  // One may be the probe after the pause, on a machine that is slow.
  expect(dialled - before).toBeLessThanOrEqual(1);
  const why = 'banyan_gateway_shadow_dropped_total{context="inventory",why="paused"}';
  expect(await metric(gateway, why)).toBeGreaterThanOrEqual(4);
});
