import { Agent } from 'node:http';
import { expect, onTestFinished, test } from 'vitest';
import { memorySource } from '../../support/memory-source.ts';
import { until } from '../../support/until.ts';
import { send } from '../support/client.ts';
import { metric, started, type Started } from '../support/gateway.ts';
import { protectedShop } from '../support/protected.ts';
import { closedUrl, startRaw, startUpstream } from '../support/upstream.ts';

const READS = { inventory: { reads: { stage: 'extracted' } } } as const;
const BOTH = { inventory: { reads: { stage: 'extracted' }, writes: { stage: 'extracted' } } } as const;
const BREAKER = 'banyan_gateway_breaker_state{upstream="inventory"}';

const upstreams = async ({ opsUrl }: Started) => await (await fetch(`${opsUrl}/upstreams`)).json();
const messages = ({ lines }: Started) => lines.map((line) => line['msg']);

test('a service that is killed under load is felt by no reader, and has its reads again when it is back', async () => {
  const monolith = await startUpstream('monolith');
  const inventory = await startUpstream('inventory');
  const config = await protectedShop(
    { monolith: monolith.url, inventory: inventory.url },
    { inventory: 'breaker: { openFor: 1s }' },
  );
  const gateway = await started(config, memorySource(READS));
  const agent = new Agent({ keepAlive: true });
  onTestFinished(() => agent.destroy());
  const answers = { monolith: 0, inventory: 0 };
  const others: unknown[] = [];
  let goOn = true;
  const reader = async () => {
    while (goOn) {
      const { status, body, headers } = await send(gateway.url, '/inventory/a', { agent });
      const fallback = headers['server-timing'];
      if (status === 200 && body === 'inventory' && fallback === undefined) answers.inventory += 1;
      else if (status === 200 && body === 'monolith' && fallback !== undefined) answers.monolith += 1;
      else others.push({ status, body, fallback });
    }
  };
  const readers = Array.from({ length: 8 }, reader);
  await until('the service answers', () => answers.inventory > 100);
  expect(answers.monolith).toBe(0);
  await inventory.stop();
  await until('the breaker is open', async () => (await metric(gateway, BREAKER)) === 2);
  expect(await upstreams(gateway)).toMatchObject({
    monolith: {},
    inventory: { breaker: { state: 'open', why: expect.stringMatching(/failed$/) } },
  });
  expect(await metric(gateway, 'banyan_gateway_health{upstream="inventory",check="passive"}')).toBe(0);
  const before = answers.monolith;
  await until('the monolith answers', () => answers.monolith > before + 100);
  const port = Number(new URL(inventory.url).port);
  await new Promise<void>((resolve) => inventory.server.listen(port, '127.0.0.1', resolve));
  const back = answers.inventory;
  await until('the service answers again', () => answers.inventory > back + 100);
  goOn = false;
  await Promise.all(readers);
  expect(others).toEqual([]);
  expect(await metric(gateway, BREAKER)).toBe(0);
  expect(await upstreams(gateway)).toEqual({ monolith: {}, inventory: { breaker: { state: 'closed' } } });
  expect(await metric(gateway, 'banyan_gateway_fallbacks_total{context="inventory"}')).toBe(answers.monolith);
  expect(messages(gateway)).toEqual(
    expect.arrayContaining(['the breaker opens', 'the breaker lets probes through', 'the breaker closes']),
  );
});

test('an open breaker reroutes reads without asking the service, and leaves the retry budget alone', async () => {
  const monolith = await startUpstream('monolith');
  let asked = 0;
  const broken = await startRaw((socket) =>
    socket.once('data', () => {
      asked += 1;
      socket.destroy();
    }),
  );
  const config = await protectedShop(
    { monolith: monolith.url, inventory: broken.url },
    { inventory: 'breaker: { consecutive: 1, openFor: 1h, maxOpenFor: 1h }, retryBudget: 0' },
  );
  const gateway = await started(config, memorySource(READS));
  expect((await send(gateway.url, '/inventory/a')).headers['server-timing']).toBe(
    'banyan;desc="fallback: failed"',
  );
  for (let request = 0; request < 20; request += 1)
    expect(await send(gateway.url, '/inventory/a?x=1')).toMatchObject({
      status: 200,
      body: 'monolith',
      headers: { 'server-timing': 'banyan;desc="fallback: breaker open"' },
    });
  expect(asked).toBe(1);
  expect(monolith.seen.at(-1)!.target).toBe('/inventory/a?x=1');
  expect(await metric(gateway, 'banyan_gateway_fallbacks_total{context="inventory"}')).toBe(21);
  expect(await metric(gateway, 'banyan_gateway_shed_total{upstream="inventory",cause="breaker"}')).toBe(20);
});

test('every read that fails is answered by the monolith, once, however many fail: no retry budget is in the way', async () => {
  const monolith = await startUpstream('monolith');
  const broken = await startRaw((socket) => socket.once('data', () => socket.destroy()));
  const config = await protectedShop(
    { monolith: monolith.url, inventory: broken.url },
    { inventory: 'breaker: none, retryBudget: 0', monolith: 'retryBudget: 0' },
  );
  const gateway = await started(config, memorySource(READS));
  for (let request = 0; request < 30; request += 1)
    expect(await send(gateway.url, '/inventory/a')).toMatchObject({ status: 200, body: 'monolith' });
  expect(monolith.seen).toHaveLength(30);
  expect(await metric(gateway, 'banyan_gateway_fallbacks_total{context="inventory"}')).toBe(30);
});

test('it reroutes within the monolith’s own limit: what is too much is shed', async () => {
  const held: (() => void)[] = [];
  const monolith = await startUpstream('monolith', (_request, response) => {
    held.push(() => response.end('monolith'));
  });
  const config = await protectedShop(
    { monolith: monolith.url, inventory: await closedUrl() },
    {
      monolith: 'concurrency: 2',
      inventory: 'breaker: { consecutive: 1, openFor: 1h, maxOpenFor: 1h }, retryBudget: 0',
    },
  );
  const gateway = await started(config, memorySource(READS));
  const first = send(gateway.url, '/inventory/a');
  await until('it opened', async () => (await metric(gateway, BREAKER)) === 2);
  const second = send(gateway.url, '/other');
  await until('both are with the monolith', () => held.length === 2);
  for (const target of ['/inventory/b', '/other'])
    expect(await send(gateway.url, target)).toMatchObject({
      status: 503,
      body: '503 Service Unavailable\n',
      headers: { 'retry-after': '1' },
    });
  for (const end of held) end();
  expect([(await first).body, (await second).body]).toEqual(['monolith', 'monolith']);
  expect(monolith.seen).toHaveLength(2);
  expect(await metric(gateway, 'banyan_gateway_shed_total{upstream="monolith",cause="concurrency"}')).toBe(2);
});

test('with an open breaker a write gets 503 and Retry-After, and is not answered by the other side', async () => {
  const monolith = await startUpstream('monolith');
  const config = await protectedShop(
    { monolith: monolith.url, inventory: await closedUrl() },
    { inventory: 'breaker: { consecutive: 1, openFor: 90s, maxOpenFor: 90s }' },
  );
  const gateway = await started(config, memorySource(BOTH));
  expect((await send(gateway.url, '/inventory/a', { method: 'POST', body: 'x' })).status).toBe(502);
  for (const options of [{ method: 'POST', body: 'x' }, { method: 'DELETE' }, { method: 'GET' }]) {
    const refused = await send(gateway.url, '/inventory/a', options);
    expect(refused.status).toBe(503);
    expect(Number(refused.headers['retry-after'])).toBeGreaterThan(80);
    expect(Number(refused.headers['retry-after'])).toBeLessThan(91);
    expect(refused.headers['server-timing']).toBeUndefined();
  }
  expect(monolith.seen).toEqual([]);
});

test('a context may forbid that the monolith answers, with a closed breaker and with an open one', async () => {
  const monolith = await startUpstream('monolith');
  const config = await protectedShop(
    { monolith: monolith.url, inventory: await closedUrl() },
    { inventory: 'breaker: { consecutive: 1 }', context: 'fallback: false' },
  );
  const gateway = await started(config, memorySource(READS));
  expect((await send(gateway.url, '/inventory/a')).status).toBe(502);
  expect((await send(gateway.url, '/inventory/a')).status).toBe(503);
  expect(monolith.seen).toEqual([]);
});

test('Server-Timing is added to the monolith’s own, and can be switched off', async () => {
  const monolith = await startUpstream('monolith', (_request, response) =>
    response.writeHead(200, { 'server-timing': 'db;dur=12' }).end('monolith'),
  );
  const config = await protectedShop({ monolith: monolith.url, inventory: await closedUrl() }, {});
  const telling = await started(config, memorySource(READS));
  for (const headers of [{}, { expect: '100-continue' }])
    expect((await send(telling.url, '/inventory/a', { headers })).headers['server-timing']).toBe(
      'db;dur=12, banyan;desc="fallback: failed"',
    );
  const silent = await started(
    { ...config, gateway: { ...config.gateway, serverTiming: false } },
    memorySource(READS),
  );
  expect((await send(silent.url, '/inventory/a')).headers['server-timing']).toBe('db;dur=12');
});
