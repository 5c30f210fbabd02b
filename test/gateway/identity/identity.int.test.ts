import { SignJWT, decodeJwt, decodeProtectedHeader, importJWK } from 'jose';
import { expect, test } from 'vitest';
import { until } from '../../support/until.ts';
import { send } from '../support/client.ts';
import { metric } from '../support/gateway.ts';
import { valuesOf } from '../support/upstream.ts';
import { identityKey } from './keys.ts';
import { startSite } from './site.ts';

test('the service learns from a short-lived token who is calling, and nothing that its context doesn’t name', async () => {
  const { monolith, service, get } = await startSite({ context: '{ claims: [role] }' });
  monolith.sessions.set('s1', 'ada');
  expect((await get('theme=dark; session=s1; lang=en')).body).toBe('service for ada');
  const [token = ''] = valuesOf(service.seen[0]!.fields, 'x-banyan-identity');
  expect(decodeProtectedHeader(token)).toEqual({ alg: 'ES256', kid: 'first', typ: 'JWT' });
  const { iat = 0, exp = 0, ...claims } = decodeJwt(token);
  expect(claims).toEqual({ iss: 'banyan', aud: 'inventory', sub: 'ada', role: 'role of ada' });
  expect(exp - iat).toBe(30);
  expect(Math.abs(Date.now() / 1_000 - iat)).toBeLessThan(10);
});

test('the monolith is asked with the session’s cookies alone, and can tell that the gateway asks', async () => {
  const { monolith, gateway } = await startSite();
  await send(gateway.url, '/inventory/a', {
    headers: {
      host: 'shop.example',
      cookie: 'theme=dark; session=s1; xsession=no',
      authorization: 'Bearer client',
      'user-agent': 'a browser',
      'X-Banyan-Subrequest': 'forged',
      'x-other': 'no',
    },
  });
  const { method, fields } = monolith.questions()[0]!;
  expect(method).toBe('GET');
  expect(valuesOf(fields, 'cookie')).toEqual(['session=s1']);
  expect(valuesOf(fields, 'host')).toEqual(['shop.example']);
  expect(valuesOf(fields, 'user-agent')).toEqual(['a browser']);
  expect(valuesOf(fields, 'x-forwarded-for')).toEqual(['127.0.0.1']);
  expect(valuesOf(fields, 'x-banyan-subrequest')).toEqual(['identity']);
  expect(fields.join().toLowerCase()).not.toMatch(/x-other|authorization/);
  // Through the gateway nobody looks like the gateway.
  await send(gateway.url, '/whoami', {
    headers: { cookie: 'session=s1', 'x-banyan-subrequest': 'identity' },
  });
  await send(gateway.url, '/whoami', { headers: { cookie: 'session=s1', x_banyan_subrequest: 'identity' } });
  const others = monolith.questions().slice(1);
  expect(others).toHaveLength(2);
  for (const asked of others) expect(asked.fields.join().toLowerCase()).not.toMatch(/banyan.subrequest/);
});

test('what a client says of itself never reaches the service: forged tokens, other fields, look-alikes', async () => {
  const { monolith, service, gateway } = await startSite();
  monolith.sessions.set('s1', 'ada');
  const foreign = await new SignJWT({})
    .setProtectedHeader({ alg: 'ES256', kid: 'first' })
    .setIssuer('banyan')
    .setAudience('inventory')
    .setSubject('root')
    .setExpirationTime('30s')
    .sign(await importJWK(JSON.parse(identityKey('first')) as object, 'ES256'));
  const forged: Record<string, string>[] = [
    { 'X-Banyan-Identity': foreign },
    { X_Banyan_Identity: foreign },
    { 'x-banyan_identity': foreign },
    {
      'X-User-Id': 'root',
      X_User_Id: 'root',
      'Remote-User': 'root',
      REMOTE_USER: 'root',
      'x-remote_user': 'root',
    },
  ];
  for (const headers of forged)
    expect((await send(gateway.url, '/inventory/a', { headers })).body).toBe('service for nobody');
  // What `Connection` names ends at the gateway; what the gateway says itself doesn't.
  const hop = { connection: 'close, x-banyan-identity', cookie: 'session=s1', 'x-banyan-identity': foreign };
  expect((await send(gateway.url, '/inventory/a', { headers: hop })).body).toBe('service for ada');
  const shown = service.seen.map(({ fields }) => fields.join('\n')).join('\n');
  expect(service.seen).toHaveLength(5);
  expect(shown).not.toContain(foreign);
  expect(shown).not.toContain('root');
  // Whoever goes around the gateway is not believed.
  const direct = await send(service.url, '/inventory/a', { headers: { 'x-banyan-identity': foreign } });
  expect(direct.status).toBe(401);
});

test('a thousand requests of one session that come together are one question, and so are those that come soon', async () => {
  const { monolith, gateway, get } = await startSite({
    timeout: '100s',
    // A thousand connections at once take long on a busy machine.
    upstream: 'timeout: none, connectTimeout: none, breaker: none',
  });
  let answerable = false;
  const held: (() => void)[] = [];
  monolith.answer = (_request, response) => {
    const answer = () => void response.end('{"sub":"ada"}');
    if (answerable) answer();
    else held.push(answer);
  };
  const began = performance.now();
  const answers = Array.from({ length: 1_000 }, () => get('session=s1'));
  const inFlight = () => metric(gateway, 'banyan_gateway_requests_in_flight');
  await until('all wait', async () => (await inFlight()) === 1_000, 90_000, 200);
  answerable = true;
  for (const answer of held) answer();
  for (const { body } of await Promise.all(answers)) expect(body).toBe('service for ada');
  expect((await get('session=s1')).body).toBe('service for ada');
  // One, unless this machine takes longer for all of them than an answer counts.
  const most = 1 + Math.floor((performance.now() - began) / 5_000);
  expect(monolith.questions().length).toBeLessThanOrEqual(most);
  expect(await metric(gateway, 'banyan_gateway_identity_known_total')).toBe(
    1_001 - monolith.questions().length,
  );
});

test('a client without a session is nobody without a question, and so is one whose session is nobody’s', async () => {
  const { monolith, service, get } = await startSite();
  expect((await get()).body).toBe('service for nobody');
  expect((await get('theme=dark')).body).toBe('service for nobody');
  expect(monolith.questions()).toHaveLength(0);
  expect((await get('session=stranger')).body).toBe('service for nobody');
  expect(monolith.questions()).toHaveLength(1);
  for (const { fields } of service.seen) expect(valuesOf(fields, 'x-banyan-identity')).toEqual([]);
});

test('what is known of a session counts for the same host and browser alone', async () => {
  const { monolith, gateway } = await startSite();
  monolith.answer = (request, response) => void response.end(JSON.stringify({ sub: request.headers.host }));
  const at = async (host: string, agent = 'one') => {
    const headers = { host, cookie: 'session=s1', 'user-agent': agent };
    return (await send(gateway.url, '/inventory/a', { headers })).body;
  };
  expect(await at('one.example')).toBe('service for one.example');
  expect(await at('two.example')).toBe('service for two.example');
  await at('two.example', 'other');
  await at('two.example', 'other');
  expect(monolith.questions()).toHaveLength(3);
});

test('contexts without identity get nothing, and nobody is asked for them', async () => {
  const { monolith, service, source, gateway } = await startSite({
    more: '  orders: { upstream: inventory, routes: [GET /orders/:id] }',
  });
  source.set({ orders: { reads: { stage: 'extracted' } } });
  monolith.sessions.set('s1', 'ada');
  const headers = { cookie: 'session=s1', 'x-user-id': '7' };
  const order = () => send(gateway.url, '/orders/1', { headers });
  await until('extracted', async () => (await order()).body === 'service for nobody');
  expect(monolith.questions()).toHaveLength(0);
  const { target, fields } = service.seen.at(-1)!;
  expect(target).toBe('/orders/1');
  expect(valuesOf(fields, 'x-banyan-identity')).toEqual([]);
  expect(valuesOf(fields, 'x-user-id')).toEqual(['7']);
});

test('what the monolith answers itself is no reason to ask it', async () => {
  const { monolith, gateway, get } = await startSite({ stages: {} });
  monolith.sessions.set('s1', 'ada');
  expect((await get('session=s1')).body).toBe('monolith for ada');
  await send(gateway.url, '/cart', { headers: { cookie: 'session=s1' } });
  expect(monolith.questions()).toHaveLength(0);
});

test('a body waits until it is known who sends it, and is whole then, however it is framed and counted', async () => {
  const { monolith, service, gateway } = await startSite({
    stages: { inventory: { writes: { stage: 'extracted' } } },
  });
  const held: (() => void)[] = [];
  monolith.answer = (_request, response) => held.push(() => void response.end('{"sub":"ada"}'));
  const body = 'x'.repeat(300_000);
  const post = (framing: Record<string, string>, session: string) => {
    const headers = { ...framing, cookie: `session=${session}` };
    return send(gateway.url, '/inventory/a', { method: 'POST', headers, body });
  };
  const answers = [
    post({ 'content-length': String(body.length) }, 's1'),
    post({ 'transfer-encoding': 'chunked' }, 's2'),
  ];
  await until('both are asked for', () => held.length === 2);
  for (const answer of held) answer();
  for (const { body: got } of await Promise.all(answers)) expect(got).toBe('service for ada');
  expect(service.seen.map(({ body: got }) => got === body)).toEqual([true, true]);
});
