import type { ServerResponse } from 'node:http';
import express from 'express';
import { expect, onTestFinished, test } from 'vitest';
import { signWrote } from '../../../contexts/index.ts';
import { expressGateway } from '../../../gateway/express.ts';
import { startRedis } from '../../../demo/servers/redis.ts';
import { memorySource } from '../../support/memory-source.ts';
import { until } from '../../support/until.ts';
import { send } from '../support/client.ts';
import { keptLog, started } from '../support/gateway.ts';
import { valuesOf } from '../support/upstream.ts';
import { as, gatewayOf, KEY, read, scene, write } from './scene.ts';

const COOKIES = { keys: [KEY], prefix: 'banyan-wrote-' };
const EXTRACTED = { inventory: { reads: { stage: 'extracted' } } } as const;

/** The gateway's own cookie in an answer, as a client sends it back. */
const cookieOf = (fields: readonly string[]) =>
  valuesOf(fields, 'set-cookie')
    .filter((cookie) => cookie.startsWith(COOKIES.prefix))
    .map((cookie) => `; ${cookie.split(';', 1)[0]}`)
    .join('');

test('without Redis a signed cookie tells the other gateway, and no upstream ever sees it', async () => {
  const it = await scene({ keys: true });
  const [one, other] = await Promise.all([gatewayOf(it), gatewayOf(it)]);
  const { fields } = await write(one, 'ada');
  expect(valuesOf(fields, 'set-cookie')).toEqual([
    expect.stringMatching(
      /^banyan-wrote-inventory=\d{13}\.[\w-]{43}; Path=\/; Max-Age=2; HttpOnly; SameSite=Lax$/,
    ),
  ]);
  const wrote = cookieOf(fields);
  expect(await read(other, 'ada', wrote)).toBe('monolith');
  expect(await read(other, 'ada')).toBe('service');
  expect(await read(one, 'ada')).toBe('monolith');
  await write(other, 'bob');
  expect(await read(other, 'bob', `${wrote}; b="2"`)).toBe('monolith');
  await until('it is over', async () => (await read(other, 'ada', wrote)) === 'service');
  for (const { fields: seen } of [...it.monolith.seen, ...it.service.seen])
    expect(valuesOf(seen, 'cookie').join()).not.toContain('wrote');
  expect(it.monolith.seen.map((seen) => valuesOf(seen.fields, 'cookie'))).toContainEqual(['sid=bob; b="2"']);
});

test('what somebody else signed, changed or kept too long is not believed, and is taken out all the same', async () => {
  const it = await scene({ keys: true });
  const gateway = await gatewayOf(it);
  const good = signWrote(COOKIES, 'inventory', Date.now() + 60_000);
  const foreign = signWrote({ ...COOKIES, keys: ['f'.repeat(32)] }, 'inventory', Date.now() + 60_000);
  const expired = signWrote(COOKIES, 'inventory', Date.now() - 1);
  const later = good.replace(/=\d+/, `=${Date.now() + 600_000}`);
  expect(await read(gateway, 'ada', `; ${good}`)).toBe('monolith');
  for (const bad of [foreign, expired, later, `${COOKIES.prefix}inventory=1`, `${COOKIES.prefix}other=1`])
    expect(await read(gateway, 'ada', `; ${bad}`), bad).toBe('service');
  for (const { fields } of it.service.seen)
    expect(valuesOf(fields, 'cookie')).toEqual([expect.stringMatching(/^sid=\w+$/)]);
});

test('a write’s answer that a cache might store is kept out of it; other answers get no cookie', async () => {
  const respond = (_: unknown, response: ServerResponse) =>
    response.setHeader('Cache-Control', 'public, max-age=60').end('monolith');
  const it = await scene({ keys: true, respond });
  const gateway = await gatewayOf(it);
  const touched = await send(gateway.url, '/inventory/a/touch', as('ada'));
  expect(cookieOf(touched.fields)).not.toBe('');
  expect(touched.headers['cache-control']).toBe('private, max-age=60');
  const seen = await send(gateway.url, '/cart', as('ada'));
  expect(seen.headers['cache-control']).toBe('public, max-age=60');
  expect(valuesOf(seen.fields, 'set-cookie')).toEqual([]);
});

test('over TLS, as a trusted proxy says, the cookie is Secure', async () => {
  const it = await scene({ keys: true });
  const gateway = await started(
    { ...it.config, gateway: { ...it.config.gateway, trustedProxies: ['127.0.0.1/32'] } },
    memorySource(EXTRACTED),
  );
  const headers = { ...as('ada').headers, 'x-forwarded-proto': 'https' };
  const { fields } = await send(gateway.url, '/orders', { method: 'POST', headers });
  expect(valuesOf(fields, 'set-cookie')[0]).toMatch(/; SameSite=Lax; Secure$/);
});

test('with both, the loss of Redis changes nothing for clients that keep cookies', async () => {
  const redis = await startRedis();
  onTestFinished(() => redis.stop());
  const it = await scene({ keys: true, redis: redis.url });
  const [one, other] = await Promise.all([gatewayOf(it), gatewayOf(it)]);
  await until('both are connected to Redis', async () => {
    await write(one, 'without');
    return (await read(other, 'without')) === 'monolith';
  });
  const before = cookieOf((await write(one, 'ada')).fields);
  redis.kill('SIGKILL');
  expect(await read(other, 'ada', before)).toBe('monolith');
  expect(await read(other, 'bob')).toBe('service');
  const after = cookieOf((await write(one, 'carl')).fields);
  expect(await read(other, 'carl', after)).toBe('monolith');
  expect(await read(other, 'bob')).toBe('service');
});

test('a gateway alone remembers by itself, and does not know who wrote before it was started', async () => {
  const it = await scene({});
  const began = performance.now();
  const gateway = await started(it.config, memorySource(EXTRACTED));
  expect(await read(gateway, 'nobody')).toBe('monolith');
  await until('it knows', async () => (await read(gateway, 'nobody')) === 'service');
  expect(performance.now() - began).toBeGreaterThan(1_000);
  await write(gateway, 'ada');
  expect(await read(gateway, 'ada')).toBe('monolith');
  await until('the write is old', async () => (await read(gateway, 'ada')) === 'service');
});

test('inside an Express monolith its own writes count', async () => {
  const it = await scene({ keys: true });
  const gateway = await expressGateway({
    ...{ config: it.config, source: memorySource(EXTRACTED), name: 'e1', log: keptLog().log },
  });
  onTestFinished(() => gateway.stop());
  const shop = express()
    .use(gateway.middleware)
    .use((_request, response) => void response.send('the shop'));
  const server = shop.listen(0, '127.0.0.1');
  onTestFinished(() => void server.close());
  await until('it listens', () => server.listening);
  const url = `http://127.0.0.1:${(server.address() as { port: number }).port}`;
  expect(await read({ url }, 'ada')).toBe('service');
  const wrote = await write({ url }, 'ada');
  expect(wrote.body).toBe('the shop');
  expect(cookieOf(wrote.fields)).not.toBe('');
  expect(await read({ url }, 'ada')).toBe('the shop');
  expect(await read({ url }, 'bob', cookieOf(wrote.fields))).toBe('the shop');
  expect(await read({ url }, 'bob')).toBe('service');
});
