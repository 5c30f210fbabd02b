import { Redis } from 'ioredis';
import { expect, inject, onTestFinished, test } from 'vitest';
import { until } from '../../support/until.ts';
import { send } from '../support/client.ts';
import { metric, started } from '../support/gateway.ts';
import { startSite, type Site } from './site.ts';

const post = ({ gateway }: Pick<Site, 'gateway'>, target: string, session?: string, body = '') =>
  send(gateway.url, target, {
    method: 'POST',
    body,
    headers: session === undefined ? {} : { cookie: `session=${session}` },
  });

test('a log-out through a declared route is seen by the very next request, though no cookie changes', async () => {
  const site = await startSite();
  const { monolith, get } = site;
  monolith.sessions.set('s1', 'ada');
  expect((await get('session=s1')).body).toBe('service for ada');
  await post(site, '/logout', 's1');
  expect((await get('session=s1')).body).toBe('service for nobody');
});

test('so it is for every spelling that the monolith may take for the route', async () => {
  const { monolith, gateway, get } = await startSite();
  for (const spelling of [
    '/logout?x=1',
    '//logout',
    '/LOGOUT',
    '/a/../logout',
    '/logout;x=1',
    '/%6cogout',
    '/logout/',
  ]) {
    monolith.sessions.set('s1', 'ada');
    await get('session=s1');
    const before = monolith.questions().length;
    await get('session=s1');
    expect(monolith.questions()).toHaveLength(before);
    await send(gateway.url, spelling, { method: 'POST', headers: { cookie: 'session=s1' } });
    await get('session=s1');
    expect([spelling, monolith.questions().length]).toEqual([spelling, before + 1]);
  }
  const before = monolith.questions().length;
  for (const other of ['/logouts', '/a/logout', '/'])
    await send(gateway.url, other, { method: 'POST', headers: { cookie: 'session=s1' } });
  await send(gateway.url, '/logout', { headers: { cookie: 'session=s1' } });
  await get('session=s1');
  expect(monolith.questions()).toHaveLength(before);
});

test('an answer that takes the session’s cookie away drops what is known of it, whatever the route', async () => {
  const site = await startSite();
  const { monolith, get } = site;
  monolith.sessions.set('s1', 'ada');
  expect((await get('session=s1')).body).toBe('service for ada');
  await get('session=s1', '/leave');
  expect((await get('session=s1')).body).toBe('service for nobody');
});

test('a log-in is seen at once, and the session before it is asked for anew', async () => {
  const site = await startSite();
  const { monolith, get } = site;
  monolith.sessions.set('s1', 'ada');
  expect((await get('session=s1')).body).toBe('service for ada');
  const login = await post(site, '/login', 's1', 'bob');
  const fresh = login.headers['set-cookie']![0]!.split(';')[0];
  expect((await get(fresh)).body).toBe('service for bob');
  expect((await get('session=s1')).body).toBe('service for nobody');
});

test('a cookie that is renewed with the same value is no change', async () => {
  const { monolith, get } = await startSite();
  monolith.sessions.set('s1', 'ada');
  await get('session=s1');
  await get('session=s1', '/renew');
  expect((await get('session=s1')).body).toBe('service for ada');
  expect(monolith.questions()).toHaveLength(1);
});

test('what was asked before a log-out, and is answered after it, is not kept', async () => {
  const site = await startSite();
  const { monolith, gateway, get } = site;
  const held: (() => void)[] = [];
  monolith.answer = (_request, response) => held.push(() => void response.end('{"sub":"ada"}'));
  const early = get('session=s1');
  await until('asked', () => held.length === 1);
  await post(site, '/logout', 's1');
  monolith.answer = undefined;
  held[0]!();
  // It was under way before the log-out.
  expect((await early).body).toBe('service for ada');
  expect((await get('session=s1')).body).toBe('service for nobody');
  expect(await metric(gateway, 'banyan_gateway_identity_forgotten_total')).toBe(1);
});

test('while a log-out is under way nothing is kept, for its answer may be seen before its end', async () => {
  const { monolith, gateway, get } = await startSite();
  monolith.sessions.set('s1', 'ada');
  let end: (() => void) | undefined;
  // Its head and a part of its body come, and the rest later.
  monolith.server.prependListener('request', (request, response) => {
    if (request.url !== '/logout') return;
    response.end = ((_text: string) => {
      response.write('by');
      end = () => void Object.getPrototypeOf(response).end.call(response, 'e');
      return response;
    }) as typeof response.end;
  });
  const headSeen = Promise.withResolvers<void>();
  const answer = fetch(`${gateway.url}/logout`, { method: 'POST', headers: { cookie: 'session=s1' } }).then(
    (got) => {
      headSeen.resolve();
      return got.text();
    },
  );
  await headSeen.promise;
  expect((await get('session=s1')).body).toBe('service for nobody');
  monolith.sessions.set('s1', 'bob');
  expect((await get('session=s1')).body).toBe('service for bob');
  end!();
  expect(await answer).toBe('bye');
});

test('what is known is never older than the cache’s time, and that is 5 s at most', async () => {
  const { monolith, get } = await startSite({ identity: 'cache: 300ms' });
  monolith.sessions.set('s1', 'ada');
  expect((await get('session=s1')).body).toBe('service for ada');
  const ended = performance.now();
  monolith.sessions.delete('s1');
  await until('seen', async () => (await get('session=s1')).body === 'service for nobody', 5_000, 5);
  expect(monolith.questions()).toHaveLength(2);
  expect(performance.now() - ended).toBeLessThan(4_900);
});

test('with Redis the other gateways see a log-out at once', async () => {
  const redis = inject('redis');
  const channel = new Redis(redis);
  onTestFinished(() => channel.disconnect());
  const site = await startSite({ more: `redis: ${redis}` });
  const other = { ...site, gateway: await started(site.config, site.source, { name: 'g2' }) };
  const listening = async () =>
    Number(((await channel.pubsub('NUMSUB', 'banyan:sessions')) as [string, number])[1]) >= 2;
  await until('both listen', listening);
  const { monolith } = site;
  monolith.sessions.set('s1', 'ada');
  const headers = { cookie: 'session=s1' };
  const ask = async () => (await send(other.gateway.url, '/inventory/a', { headers })).body;
  expect(await ask()).toBe('service for ada');
  expect(await metric(other.gateway, 'banyan_gateway_identity_sessions')).toBe(1);
  await post(site, '/logout', 's1');
  // No request of the session comes meanwhile: only the hint makes the other one forget.
  const known = () => metric(other.gateway, 'banyan_gateway_identity_sessions');
  await until('it has forgotten', async () => (await known()) === 0, 4_000);
  expect(await ask()).toBe('service for nobody');
});
