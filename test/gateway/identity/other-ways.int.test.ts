import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import express from 'express';
import session from 'express-session';
import { expect, onTestFinished, test } from 'vitest';
import { WebSocket, WebSocketServer } from 'ws';
import { expressGateway } from '../../../gateway/express.ts';
import { memorySource } from '../../support/memory-source.ts';
import { until } from '../../support/until.ts';
import { send, sendRaw, upgradeTo } from '../support/client.ts';
import { keptLog, metric } from '../support/gateway.ts';
import { valuesOf } from '../support/upstream.ts';
import { EXTRACTED, siteConfig, startMonolith, startService, startSite } from './site.ts';

const SHADOW = { inventory: { reads: { stage: 'shadow' } } } as const;

test('the copy of a shadowed read says who is calling, too, and the client doesn’t wait for the question', async () => {
  const { monolith, service, gateway, get } = await startSite({
    stages: SHADOW,
    more: '    shadow: { sample: 1 }',
  });
  const held: (() => void)[] = [];
  monolith.answer = (_request, response) => held.push(() => void response.end('{"sub":"ada"}'));
  expect((await get('session=s1')).body).toBe('monolith for nobody');
  await until('asked', () => held.length === 1);
  expect(service.seen).toEqual([]);
  held[0]!();
  await until('the copy', () => service.seen.length === 1);
  const { fields } = service.seen[0]!;
  expect(valuesOf(fields, 'x-banyan-shadow')).toEqual(['1']);
  expect(valuesOf(fields, 'x-banyan-identity')).toHaveLength(1);
  expect(service.refused).toEqual([]);
  const copy = valuesOf(fields, 'x-banyan-identity')[0]!;
  expect(JSON.parse(Buffer.from(copy.split('.')[1]!, 'base64url').toString())).toMatchObject({ sub: 'ada' });
  expect(await metric(gateway, 'banyan_gateway_identity_asked_total{outcome="user"}')).toBe(1);
});

test('a copy of which nobody knows who is calling is dropped, and one that the gateway would refuse is skipped', async () => {
  const site = await startSite({ stages: SHADOW, more: '    shadow: { sample: 1 }' });
  site.monolith.answer = (_request, response) => void response.writeHead(500).end();
  await site.get('session=s1');
  const dropped = 'banyan_gateway_shadow_dropped_total{context="inventory",why="identity"}';
  await until('dropped', async () => (await metric(site.gateway, dropped)) === 1);
  const refusing = await startSite({
    stages: SHADOW,
    context: '{ nobody: refuse }',
    more: '    shadow: { sample: 1 }',
  });
  await refusing.get('session=s1');
  const skipped = 'banyan_gateway_shadow_total{context="inventory",outcome="skipped"}';
  await until('skipped', async () => (await metric(refusing.gateway, skipped)) === 1);
  expect([...site.service.seen, ...refusing.service.seen]).toEqual([]);
});

test('a WebSocket says who is calling when it opens; it is the monolith’s when nobody knows', async () => {
  const { monolith, service, gateway } = await startSite({ context: '{ nobody: refuse }' });
  const chat = new WebSocketServer({ server: service.server });
  const tokens: unknown[] = [];
  chat.on('connection', (socket, { headers }) => {
    tokens.push(headers['x-banyan-identity']);
    socket.on('error', () => {});
    socket.send('welcome');
  });
  onTestFinished(() => {
    for (const socket of chat.clients) socket.terminate();
  });
  monolith.sessions.set('s1', 'ada');
  const headers = { cookie: 'session=s1', 'x-banyan-identity': 'forged' };
  const socket = new WebSocket(`${gateway.url.replace('http', 'ws')}/inventory/a`, { headers });
  onTestFinished(() => socket.terminate());
  let got = '';
  socket.on('message', (data) => (got = String(data)));
  await until('it is open', () => got === 'welcome');
  const [, claims = ''] = String(tokens[0]).split('.');
  expect(JSON.parse(Buffer.from(claims, 'base64url').toString())).toMatchObject({ sub: 'ada' });

  expect(await sendRaw(gateway.url, upgradeTo('/inventory/a'))).toMatch(
    /^HTTP\/1\.1 401 [^]*www-authenticate: Cookie/,
  );
  monolith.answer = (_request, response) => void response.writeHead(500).end();
  const asked = upgradeTo('/inventory/a').replace('\r\n\r\n', '\r\nCookie: session=s2\r\n\r\n');
  expect(await sendRaw(gateway.url, asked)).toMatch(
    /^HTTP\/1\.1 200 [^]*server-timing: banyan;desc="fallback: identity unknown"\r\n/,
  );
  expect(tokens).toHaveLength(1);
  expect(await metric(gateway, 'banyan_gateway_requests_in_flight')).toBe(0);
});

test('in an Express monolith its own sessions say who is calling', async () => {
  const service = await startService();
  const config = await siteConfig(
    { monolith: await startMonolith(), service },
    { identity: 'jwks: /.well-known/jwks.json', context: '{ claims: [role] }' },
  );
  const source = memorySource(EXTRACTED);
  await expect(expressGateway({ config, source, name: 'shop', log: keptLog().log })).rejects.toThrow(
    'say who is calling with `identify`',
  );
  let broken = false;
  const gateway = await expressGateway({
    ...{ config, source, name: 'shop', log: keptLog().log },
    identify: (request) => {
      if (broken) throw new Error('the session store is away');
      return (request as express.Request).session.user;
    },
  });
  onTestFinished(() => gateway.stop());
  const app = express();
  app.use(session({ secret: 'test', resave: false, saveUninitialized: false, name: 'session' }));
  app.use(gateway.middleware);
  app.post('/login', (request, response) => {
    request.session.user = { sub: 7, role: 'staff' };
    response.send('hello');
  });
  app.post('/logout', (request, response) => request.session.destroy(() => response.send('bye')));
  app.use((_request, response) => void response.send('monolith'));
  const server = createServer(app);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.close();
    server.closeAllConnections();
  });
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  service.keys = new URL('/.well-known/jwks.json', url);

  const cookie = (await send(url, '/login', { method: 'POST' })).headers['set-cookie']![0]!.split(';')[0]!;
  const read = async () => (await send(url, '/inventory/a', { headers: { cookie } })).body;
  expect((await send(url, '/inventory/a')).body).toBe('service for nobody');
  expect(await read()).toBe('service for 7');
  broken = true;
  expect(await read()).toBe('monolith');
  broken = false;
  await send(url, '/logout', { method: 'POST', headers: { cookie } });
  expect(await read()).toBe('service for nobody');
});

declare module 'express-session' {
  interface SessionData {
    user: { sub: number; role: string };
  }
}
