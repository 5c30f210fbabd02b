import { Agent } from 'node:http';
import { createRemoteJWKSet, decodeProtectedHeader, jwtVerify } from 'jose';
import { expect, onTestFinished, test } from 'vitest';
import type { IdentityKey } from '../../../contexts/index.ts';
import { until } from '../../support/until.ts';
import { memorySource } from '../../support/memory-source.ts';
import { send } from '../support/client.ts';
import { started } from '../support/gateway.ts';
import { startUpstream } from '../support/upstream.ts';
import { identityKey } from './keys.ts';
import { EXTRACTED, siteConfig, startMonolith, startSite } from './site.ts';

/** Milliseconds in which jose's key set doesn't look again; 30 s unless given. */
const COOLDOWN = 200;

test('two gateways change their key under load, one after the other, and no service refuses a token', async () => {
  const monolith = await startMonolith();
  for (let index = 0; index < 50; index += 1) monolith.sessions.set(`s${index}`, `user-${index}`);
  const signed = new Map<string, number>();
  const keys = Promise.withResolvers<ReturnType<typeof createRemoteJWKSet>>();
  const service = await startUpstream('service', (request, response) => {
    const token = String(request.headers['x-banyan-identity']);
    const known = (...args: Parameters<ReturnType<typeof createRemoteJWKSet>>) =>
      keys.promise.then((found) => found(...args));
    jwtVerify(token, known, { issuer: 'banyan', audience: 'inventory' }).then(
      ({ payload, protectedHeader: { kid = '' } }) => {
        signed.set(kid, (signed.get(kid) ?? 0) + 1);
        response.end(payload.sub);
      },
      (error: Error) => response.writeHead(401).end(error.message),
    );
  });
  const [old, fresh] = [identityKey('old'), identityKey('fresh', 'Ed25519')];
  const base = await siteConfig({ monolith, service }, { keys: [old, fresh], identity: 'cache: 20ms' });
  const [first, second] = base.gateway.identity!.keys as [IdentityKey, IdentityKey];
  const withKeys = (...list: IdentityKey[]) => ({
    ...base,
    gateway: { ...base.gateway, identity: { ...base.gateway.identity!, keys: list } },
  });
  let config = withKeys(first);
  const source = memorySource(EXTRACTED);
  const gateways = [
    await started(config, source, { name: 'g1', readConfig: () => config }),
    await started(config, source, { name: 'g2', readConfig: () => config }),
  ];
  keys.resolve(
    createRemoteJWKSet(new URL('/.well-known/jwks.json', gateways[0]!.opsUrl), {
      cooldownDuration: COOLDOWN,
    }),
  );

  const agent = new Agent({ keepAlive: true, maxSockets: 16 });
  onTestFinished(() => agent.destroy());
  const answers = new Map<string, number>();
  let requests = 0;
  let busy = true;
  const clients = Array.from({ length: 8 }, async (_, client) => {
    while (busy) {
      const user = requests++ % 50;
      const headers = { cookie: `session=s${user}` };
      const { status, body } = await send(gateways[client % 2]!.url, '/inventory/a', { agent, headers });
      const answer = status === 200 && body === `user-${user}` ? 'right' : `${status} ${body}`;
      answers.set(answer, (answers.get(answer) ?? 0) + 1);
    }
  });
  const more = async (kid: string) => {
    const before = signed.get(kid) ?? 0;
    await until(`tokens of ${kid}`, () => (signed.get(kid) ?? 0) > before + 100);
  };
  await more('old');
  config = withKeys(first, second);
  for (const gateway of gateways) expect(await gateway.reload()).toBe('applied');
  const published = performance.now();
  await more('old');
  await until('services may look again', () => performance.now() - published > COOLDOWN);
  config = withKeys(second, first);
  expect(await gateways[0]!.reload()).toBe('applied');
  await more('fresh');
  await more('old');
  expect(await gateways[1]!.reload()).toBe('applied');
  await more('fresh');
  busy = false;
  await Promise.all(clients);
  expect([...answers.keys()]).toEqual(['right']);
  const last = signed.get('old');
  expect(await send(gateways[1]!.url, '/inventory/a', { headers: { cookie: 'session=s1' } })).toMatchObject({
    status: 200,
  });
  expect(signed.get('old')).toBe(last);
});

test('the keys are on the ops port, without their private parts, for a minute; and on a path for services of other hosts, where it is named', async () => {
  const { gateway, monolith } = await startSite({ identity: 'jwks: /.well-known/banyan.json' });
  const answers = await Promise.all([
    fetch(`${gateway.opsUrl}/.well-known/jwks.json`),
    fetch(`${gateway.url}/.well-known/banyan.json`),
  ]);
  for (const answer of answers) {
    expect(answer.headers.get('content-type')).toBe('application/jwk-set+json');
    expect(answer.headers.get('cache-control')).toBe('public, max-age=60');
    const text = await answer.text();
    expect(JSON.parse(text)).toMatchObject({ keys: [{ kid: 'first', alg: 'ES256', use: 'sig' }] });
    expect(text).not.toContain('"d"');
  }
  expect((await fetch(`${gateway.url}/.well-known/banyan.json`, { method: 'POST' })).status).toBe(405);
  expect(monolith.seen).toEqual([]);
  // Without the field the path is the monolith's, as ever.
  const plain = await startSite();
  expect((await plain.get(undefined, '/.well-known/banyan.json')).body).toBe('monolith for nobody');
});

test('a token is used again while it is fresh, and another one signed for another user', async () => {
  const { monolith, service, get } = await startSite({ identity: 'cache: 1ms' });
  monolith.sessions.set('s1', 'ada').set('s2', 'bob');
  for (const session of ['s1', 's1', 's2', 's1']) await get(`session=${session}`);
  const tokens = service.seen.map(
    ({ fields }) => fields[fields.findIndex((name) => /identity/i.test(name)) + 1]!,
  );
  expect(new Set(tokens).size).toBe(2);
  expect([tokens[0], tokens[0]]).toEqual([tokens[1], tokens[3]]);
  expect(decodeProtectedHeader(tokens[0]!).kid).toBe('first');
});
