import { Agent, createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import express from 'express';
import { expect, onTestFinished, test } from 'vitest';
import type { Config } from '../../contexts/index.ts';
import { expressGateway } from '../../gateway/express.ts';
import { memorySource } from '../support/memory-source.ts';
import { until } from '../support/until.ts';
import { send, sendRaw, upgradeTo } from './support/client.ts';
import { keptLog, metric, shopConfig, started } from './support/gateway.ts';
import { startUpstream } from './support/upstream.ts';

const RETIRED = { inventory: { reads: { stage: 'retired' }, writes: { stage: 'retired' } } } as const;

async function shop(redirect?: string) {
  const upstream = await startUpstream('upstream');
  const config = await shopConfig({ monolith: upstream.url, inventory: upstream.url });
  const inventory = config.contexts['inventory']!;
  const retired = redirect === undefined ? undefined : { redirect, status: 308 as const };
  const contexts = { inventory: { ...inventory, retired } };
  return { upstream, config: { ...config, contexts } satisfies Config };
}

test('a retired context is answered with 410 by the gateway itself, and no cache may keep it', async () => {
  const { upstream, config } = await shop();
  const gateway = await started(config, memorySource(RETIRED));
  const answer = await send(gateway.url, '/inventory/a');
  expect(answer).toMatchObject({
    status: 410,
    body: '410 Gone\n',
    headers: { 'cache-control': 'no-store', 'content-length': '9' },
  });
  expect(answer.headers).not.toHaveProperty('location');
  const head = await send(gateway.url, '/inventory/a', { method: 'HEAD' });
  expect(head).toMatchObject({ status: 410, body: '', headers: { 'content-length': '9' } });
  expect(upstream.seen).toEqual([]);
  expect((await send(gateway.url, '/cart')).body).toBe('upstream');
  const labels = 'upstream="",context="inventory",kind="read",status="4xx"';
  await until(
    'both are counted',
    async () => (await metric(gateway, `banyan_gateway_requests_total{${labels}}`)) === 2,
  );
  expect(await metric(gateway, 'banyan_gateway_requests_in_flight')).toBe(0);
});

test('it redirects where the context says so, writes with their method', async () => {
  const { upstream, config } = await shop('https://new.example/*');
  const gateway = await started(config, memorySource(RETIRED));
  for (const method of ['GET', 'POST']) {
    const { status, headers } = await send(gateway.url, '/inventory/a?q=1', { method });
    expect([status, headers.location]).toEqual([308, 'https://new.example/inventory/a?q=1']);
  }
  expect(upstream.seen).toEqual([]);
});

test('a body that is under way is thrown away and the connection goes on; one that waits for 100 is never asked for', async () => {
  const { config } = await shop();
  const gateway = await started(config, memorySource(RETIRED));
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  onTestFinished(() => agent.destroy());
  const body = 'x'.repeat(1_000_000);
  const first = await send(gateway.url, '/inventory/a', { method: 'POST', body, agent });
  expect([first.status, first.headers.connection]).toEqual([410, 'keep-alive']);
  expect((await send(gateway.url, '/cart', { agent })).body).toBe('upstream');

  const waiting = await sendRaw(
    gateway.url,
    'POST /inventory/a HTTP/1.1\r\nHost: shop\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n',
  );
  expect(waiting).toMatch(/^HTTP\/1\.1 410 Gone\r\n/);
  expect(waiting).toMatch(/\r\nconnection: close\r\n/i);
});

test('an upgrade gets the same answer', async () => {
  const { config } = await shop('https://new.example/*');
  const gateway = await started(config, memorySource(RETIRED));
  const answer = await sendRaw(gateway.url, upgradeTo('/inventory/a'));
  expect(answer).toMatch(/^HTTP\/1\.1 308 Permanent Redirect\r\n/);
  expect(answer).toContain('\r\nlocation: https://new.example/inventory/a\r\n');
  expect(answer).toContain('\r\ncache-control: no-store\r\n');
});

test('in an Express monolith too, whether or not the body has been read', async () => {
  const { config } = await shop();
  const source = memorySource(RETIRED);
  const gateway = await expressGateway({ config, source, name: 'shop', log: keptLog().log });
  onTestFinished(() => gateway.stop());
  const app = express().use(express.text({ type: () => true }), gateway.middleware);
  const server = createServer(app.use((_request, response) => response.send('monolith')));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void server.close());
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  expect((await send(url, '/inventory/a', { method: 'POST', body: 'x' })).status).toBe(410);
  expect((await send(url, '/cart')).body).toBe('monolith');
});

test('a start without the store takes shadow and retired from the copy on disk', async () => {
  const { config } = await shop();
  for (const [reads, body] of [
    ['shadow', 'upstream'],
    ['retired', '410 Gone\n'],
  ] as const) {
    const source = memorySource({ inventory: { reads: { stage: reads }, writes: { stage: 'retired' } } });
    const first = await started(config, source, { name: reads });
    await first.stop();
    source.away = true;
    const second = await started(config, source, { name: reads });
    expect((await fetch(`${second.opsUrl}/readyz`)).status).toBe(200);
    expect((await send(second.url, '/inventory/a')).body).toBe(body);
    expect((await send(second.url, '/inventory/a', { method: 'POST' })).status).toBe(410);
  }
});
