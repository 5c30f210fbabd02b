import { expect, test } from 'vitest';
import { signPin, type Config } from '../../contexts/index.ts';
import { memorySource } from '../support/memory-source.ts';
import { send, sendRaw, upgradeTo } from './support/client.ts';
import { shopConfig, started } from './support/gateway.ts';
import { startUpstream, valuesOf } from './support/upstream.ts';

const KEY = 'k'.repeat(32);
const good = signPin(KEY, { inventory: 'extracted' }, Date.now() + 3_600_000);
const foreign = signPin('f'.repeat(32), { inventory: 'extracted' }, Date.now() + 3_600_000);

async function shop() {
  const monolith = await startUpstream('monolith');
  const service = await startUpstream('service');
  const config = await shopConfig({ monolith: monolith.url, inventory: service.url });
  const overrides = { keys: [KEY], cookie: 'banyan-pin' };
  const pinnable: Config = { ...config, gateway: { ...config.gateway, overrides } };
  return { monolith, service, gateway: await started(pinnable, memorySource()) };
}

test('a pinned read goes to its side and is kept out of shared caches; nobody behind the gateway sees the pin', async () => {
  const { service, gateway } = await shop();
  const inField = await send(gateway.url, '/inventory/a', {
    headers: { 'X-Banyan-Pin': good, cookie: 'a=1' },
  });
  expect(inField).toMatchObject({ body: 'service', headers: { 'cache-control': 'private' } });
  const cookie = `a=1; banyan-pin=${good};b="2"`;
  expect((await send(gateway.url, '/inventory/a', { headers: { cookie } })).body).toBe('service');
  await send(gateway.url, '/inventory/a', { headers: { cookie: `banyan-pin=${good}` } });
  expect(service.seen.map(({ fields }) => valuesOf(fields, 'cookie'))).toEqual([['a=1'], ['a=1;b="2"'], []]);
  for (const { fields } of service.seen) expect(valuesOf(fields, 'x-banyan-pin')).toEqual([]);
});

test('a pin that is not good is ignored and taken out all the same, whatever the request', async () => {
  const { monolith, gateway } = await shop();
  const headers = { 'x-banyan-pin': foreign, cookie: `banyan-pin=inventory=extracted; sid=1` };
  for (const [target, method] of [
    ['/inventory/a', 'GET'],
    ['/inventory/a', 'POST'],
    ['/cart', 'GET'],
    ['/a//b', 'GET'],
  ])
    expect(await send(gateway.url, target, { method, headers })).toMatchObject({ body: 'monolith' });
  for (const { fields } of monolith.seen) {
    expect(valuesOf(fields, 'cookie')).toEqual(['sid=1']);
    expect(valuesOf(fields, 'x-banyan-pin')).toEqual([]);
  }
  expect(monolith.seen).toHaveLength(4);
});

test('an upgrade is pinned and stripped in the same way', async () => {
  const { monolith, service, gateway } = await shop();
  const heads: string[][] = [];
  for (const { server } of [monolith, service])
    server.on('upgrade', (request, socket) => {
      heads.push([server === service.server ? 'service' : 'monolith', request.headers.cookie ?? '']);
      socket.end('HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\nConnection: close\r\n\r\n');
    });
  for (const pin of [good, foreign]) {
    const upgrade = upgradeTo('/inventory/a').replace(
      '\r\n\r\n',
      `\r\nCookie: banyan-pin=${pin}; a=1\r\n\r\n`,
    );
    await sendRaw(gateway.url, upgrade);
  }
  expect(heads).toEqual([
    ['service', 'a=1'],
    ['monolith', 'a=1'],
  ]);
});
