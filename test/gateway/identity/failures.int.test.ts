import type { IncomingMessage, ServerResponse } from 'node:http';
import { expect, test } from 'vitest';
import { send } from '../support/client.ts';
import { metric } from '../support/gateway.ts';
import { until } from '../../support/until.ts';
import { startSite } from './site.ts';

type Answerer = (request: IncomingMessage, response: ServerResponse) => void;

const wrong: [string, Answerer][] = [
  ['an error', (_request, response) => void response.writeHead(500).end()],
  ['a log-in page', (_request, response) => void response.writeHead(302, { location: '/login' }).end()],
  ['a page that is not there', (_request, response) => void response.writeHead(404).end()],
  ['no JSON', (_request, response) => void response.end('<html>')],
  ['JSON without a sub', (_request, response) => void response.end('{"user":"ada"}')],
  ['a sub that is no id', (_request, response) => void response.end('{"sub":{"id":1}}')],
  ['an empty sub', (_request, response) => void response.end('{"sub":""}')],
  [
    'an endless answer',
    (_request, response) => void response.end(`{"sub":"ada","x":"${'x'.repeat(9_000)}"}`),
  ],
  ['half an answer', (_request, response) => void response.write('{"sub":', () => response.destroy())],
  ['nothing', (request) => void request.socket.destroy()],
  ['no answer in time', () => {}],
];

test.each(wrong)(
  '%s is taken for nobody never: a read is the monolith’s while it has the writes, else 503',
  async (what, answerer) => {
    const { monolith, service, source, gateway, get } = await startSite({ timeout: '300ms' });
    monolith.sessions.set('s1', 'ada');
    monolith.answer = answerer;
    const read = await get('session=s1');
    expect([what, read.status, read.body]).toEqual([what, 200, 'monolith for ada']);
    expect(read.headers['server-timing']).toBe('banyan;desc="fallback: identity unknown"');
    source.set({ inventory: { writes: { stage: 'extracted' } } });
    await until('moved', async () => (await get('session=s1')).status === 503);
    expect((await get('session=s1')).headers['retry-after']).toBe('1');
    const write = await send(gateway.url, '/inventory/a', {
      method: 'POST',
      body: 'x',
      headers: { cookie: 'session=s1' },
    });
    expect(write).toMatchObject({ status: 503, headers: { 'retry-after': '1' } });
    expect(service.seen).toEqual([]);
    // Who has no session is asked for nowhere, and is served.
    expect((await get()).body).toBe('service for nobody');
    monolith.answer = undefined;
    await until('it is well', async () => (await get('session=s1')).body === 'service for ada');
  },
);

test('failures are counted by kind, told in the log once, and never with a cookie', async () => {
  const { monolith, gateway, get } = await startSite();
  monolith.sessions.set('s1-secret', 'ada');
  monolith.answer = (_request, response) => void response.writeHead(500).end();
  for (let turn = 0; turn < 3; turn += 1) await get('session=s1-secret');
  expect(await metric(gateway, 'banyan_gateway_identity_asked_total{outcome="wrong"}')).toBe(3);
  expect(await metric(gateway, 'banyan_gateway_fallbacks_total{context="inventory"}')).toBe(3);
  expect(await metric(gateway, 'banyan_gateway_shed_total{upstream="inventory",cause="identity"}')).toBe(3);
  const told = gateway.lines.filter(({ how }) => how === 'wrong');
  expect(told).toMatchObject([
    { path: '/whoami', reason: 'it answered 500; required: 200 with JSON, 204 or 401' },
  ]);
  expect(JSON.stringify(gateway.lines)).not.toContain('s1-secret');
});

test('a monolith that is down leaves those alone who have no session; others get its failure', async () => {
  const { monolith, service, get } = await startSite();
  await monolith.stop();
  expect((await get()).body).toBe('service for nobody');
  expect((await get('session=s1')).status).toBe(502);
  expect(service.seen).toHaveLength(1);
});

test('questions have a limit of their own: what is more waits, and what is too much is not asked', async () => {
  const { monolith, gateway, get } = await startSite({ identity: 'concurrency: 2' });
  const held: (() => void)[] = [];
  monolith.answer = (request, response) => {
    const sub = request.headers.cookie;
    held.push(() => void response.end(JSON.stringify({ sub })));
  };
  const answers = Array.from({ length: 20 }, (_, index) => get(`session=s${index}`));
  const full = () => metric(gateway, 'banyan_gateway_identity_asked_total{outcome="full"}');
  await until('two are too many', async () => (await full()) === 2);
  expect(held).toHaveLength(2);
  while ((await metric(gateway, 'banyan_gateway_requests_in_flight')) !== 0) held.shift()?.();
  const bodies = (await Promise.all(answers)).map(({ body }) => body);
  expect(bodies.filter((body) => body.startsWith('service for session='))).toHaveLength(18);
  expect(bodies.filter((body) => body === 'monolith for nobody')).toHaveLength(2);
});

test('a connection that the monolith had closed is no failure', async () => {
  const { monolith, get } = await startSite({ identity: 'cache: 1ms' });
  monolith.sessions.set('s1', 'ada');
  expect((await get('session=s1')).body).toBe('service for ada');
  // Its end is seen by the gateway only when it asks once more.
  const used = new WeakSet<object>();
  monolith.answer = ({ socket }, response) => {
    if (used.has(socket)) return void socket.resetAndDestroy();
    used.add(socket);
    response.end('{"sub":"bob"}');
  };
  const connections = new Set<object>();
  monolith.server.on('request', ({ socket }) => connections.add(socket));
  for (let turn = 0; turn < 4; turn += 1) expect((await get('session=s1')).body).toBe('service for bob');
  expect(connections.size).toBeGreaterThan(1);
});

test('a client that goes away while the monolith is asked reaches nobody', async () => {
  const { monolith, service, gateway } = await startSite();
  const held: (() => void)[] = [];
  monolith.answer = (_request, response) => held.push(() => void response.end('{"sub":"ada"}'));
  const leaving = new AbortController();
  const gone = fetch(`${gateway.url}/inventory/a`, {
    headers: { cookie: 'session=s1' },
    signal: leaving.signal,
  });
  await until('asked', () => held.length === 1);
  leaving.abort();
  await expect(gone).rejects.toThrow();
  held[0]!();
  await until('over', async () => (await metric(gateway, 'banyan_gateway_requests_in_flight')) === 0);
  expect(service.seen).toEqual([]);
});

test('nobody can be refused, or sent to the log-in', async () => {
  const refusing = await startSite({ context: '{ nobody: refuse }' });
  const refused = await refusing.get();
  expect(refused).toMatchObject({
    status: 401,
    headers: { 'www-authenticate': 'Cookie cookie-name="session"', 'cache-control': 'no-store' },
  });
  expect(await refusing.get('session=stranger')).toMatchObject({ status: 401 });
  refusing.monolith.sessions.set('s1', 'ada');
  expect((await refusing.get('session=s1')).body).toBe('service for ada');
  expect(refusing.service.seen).toHaveLength(1);

  const redirecting = await startSite({
    context: '{ nobody: { redirect: /login } }',
    stages: { inventory: { reads: { stage: 'extracted' }, writes: { stage: 'extracted' } } },
  });
  expect(await redirecting.get()).toMatchObject({ status: 302, headers: { location: '/login' } });
  const write = await send(redirecting.gateway.url, '/inventory/a', {
    method: 'POST',
    body: 'x'.repeat(100_000),
  });
  expect(write.status).toBe(401);
  expect(redirecting.service.seen).toEqual([]);
});

test('what a browser asks before a CORS request has no cookies, and is not refused for it', async () => {
  const { source, gateway } = await startSite({
    more: "  orders: { upstream: inventory, routes: ['* /orders/:id'], identity: { nobody: refuse } }",
  });
  source.set({ orders: { reads: { stage: 'extracted' } } });
  const ask = async (method: string) => (await send(gateway.url, '/orders/1', { method })).status;
  await until('extracted', async () => (await ask('GET')) === 401);
  expect(await ask('OPTIONS')).toBe(200);
});
