import { generateKeyPairSync, sign } from 'node:crypto';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import express from 'express';
import { expect, onTestFinished, test } from 'vitest';
import { cohortPosition, type Config } from '../../contexts/index.ts';
import { expressGateway } from '../../gateway/express.ts';
import { memorySource } from '../support/memory-source.ts';
import { send } from './support/client.ts';
import { keptLog, shopConfig, started } from './support/gateway.ts';
import { startUpstream, valuesOf } from './support/upstream.ts';

const CANARY = { inventory: { reads: { stage: 'canary', percent: 50 } } } as const;
type Gateway = Partial<Config['gateway']>;

async function shop(
  { trustedProxies, cdn }: Pick<Gateway, 'trustedProxies' | 'cdn'>,
  fields: string[],
  cohort: NonNullable<Config['contexts'][string]['cohort']> = { cookie: 'bc', issue: true },
) {
  const respond = (name: string) => (_request: unknown, response: ServerResponse) =>
    response.writeHead(200, fields).end(name);
  const monolith = await startUpstream('monolith', respond('monolith'));
  const service = await startUpstream('service', respond('service'));
  const config = await shopConfig({ monolith: monolith.url, inventory: service.url });
  const inventory = { ...config.contexts['inventory']!, cohort };
  const gateway = {
    ...config.gateway,
    ...(cdn === undefined ? {} : { cdn }),
    ...(trustedProxies && { trustedProxies }),
  };
  return { ...config, gateway, contexts: { inventory } };
}

test('who has no cohort gets its cookie with an answer that nobody shares, and keeps it from then on', async () => {
  const config = await shop({}, ['Cache-Control', 'no-store', 'Set-Cookie', 'own=1', 'Set-Cookie', 'own=2']);
  const gateway = await started(config, memorySource(CANARY));
  const first = await send(gateway.url, '/inventory/a');
  const cookies = valuesOf(first.fields, 'set-cookie');
  expect(cookies).toEqual([
    'own=1',
    'own=2',
    expect.stringMatching(/^bc=[\w-]{22}; Path=\/; Max-Age=31536000; HttpOnly; SameSite=Lax$/),
  ]);
  expect(first.body).toBe('monolith');
  const [cookie = ''] = cookies[2]!.split(';');
  const next = await send(gateway.url, '/inventory/a', { headers: { cookie } });
  expect(next.body).toBe(cohortPosition('inventory', cookie.slice(3)) < 0.5 ? 'service' : 'monolith');
  expect(valuesOf(next.fields, 'set-cookie')).toEqual(['own=1', 'own=2']);
  expect(valuesOf((await send(gateway.url, '/cart')).fields, 'set-cookie')).toEqual(['own=1', 'own=2']);
});

test('a cohort’s cookie is never set on an answer that a cache may keep', async () => {
  for (const fields of [[], ['Cache-Control', 'public, max-age=60'], ['Cache-Control', 'no-cache']]) {
    const gateway = await started(await shop({}, fields), memorySource(CANARY), {
      name: `g${fields.length}`,
    });
    const answer = await send(gateway.url, '/inventory/a');
    expect(answer.status).toBe(200);
    expect(answer.headers).not.toHaveProperty('set-cookie');
  }
});

test('behind a CDN answers to reads in canary are private, so they may bring the cookie; others stay as they are', async () => {
  const config = await shop({ cdn: 'private', trustedProxies: ['127.0.0.1/32'] }, [
    'Cache-Control',
    'public, max-age=60',
  ]);
  const gateway = await started(config, memorySource(CANARY));
  const forwarded = { 'x-forwarded-proto': 'https' };
  const { headers } = await send(gateway.url, '/inventory/a', { headers: forwarded });
  expect(headers['cache-control']).toBe('private, max-age=60');
  expect(headers['set-cookie']?.[0]).toMatch(/^bc=.*; Secure$/);
  expect((await send(gateway.url, '/cart')).headers['cache-control']).toBe('public, max-age=60');
});

test('in an Express monolith its own answers are treated alike', async () => {
  const config = await shop({ cdn: 'private' }, []);
  const gateway = await expressGateway({
    config,
    source: memorySource(CANARY),
    name: 's',
    log: keptLog().log,
  });
  onTestFinished(() => gateway.stop());
  const app = express().use(gateway.middleware);
  app.use((_request, response) => {
    response.set('X-Own', '1').append('Set-Cookie', ['a=1', 'b=2']).type('text/html').send('<p>monolith</p>');
  });
  const server = createServer(app);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void server.close());
  const answer = await send(`http://127.0.0.1:${(server.address() as AddressInfo).port}`, '/inventory/a');
  expect(answer).toMatchObject({
    status: 200,
    body: '<p>monolith</p>',
    headers: { 'x-own': '1', 'cache-control': 'private', 'content-length': '15' },
  });
  expect(answer.headers['set-cookie']).toEqual(['a=1', 'b=2', expect.stringMatching(/^bc=/)]);
});

test('a cohort by address is the resolved client’s', async () => {
  const config = await shop({ trustedProxies: ['127.0.0.1/32'] }, [], { address: true });
  const addresses = Array.from({ length: 40 }, (_, index) => `192.0.2.${index}`);
  const gateway = await started(config, memorySource(CANARY));
  for (const address of addresses) {
    const { body } = await send(gateway.url, '/inventory/a', { headers: { 'x-forwarded-for': address } });
    expect(body).toBe(cohortPosition('inventory', address) < 0.5 ? 'service' : 'monolith');
  }
});

test('a cohort by a verified claim is only who has a token that is signed and not over', async () => {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519');
  const pem = publicKey.export({ type: 'spki', format: 'pem' }) as string;
  const config = await shop({}, [], { jwt: { claim: 'sub', header: 'authorization', publicKey: pem } });
  const all = { inventory: { reads: { stage: 'canary', percent: 100 } } } as const;
  const gateway = await started(config, memorySource(all));
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const bodyWith = async (exp: number) => {
    const text = `${part({ alg: 'EdDSA' })}.${part({ sub: 'ada', exp })}`;
    const signature = sign(null, Buffer.from(text), privateKey).toString('base64url');
    const headers = { authorization: `Bearer ${text}.${signature}` };
    return (await send(gateway.url, '/inventory/a', { headers })).body;
  };
  const now = Date.now() / 1_000;
  expect([await bodyWith(now + 600), await bodyWith(now - 600)]).toEqual(['service', 'monolith']);
});
