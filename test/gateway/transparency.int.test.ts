import { beforeEach, expect, test } from 'vitest';
import type { Config } from '../../contexts/index.ts';
import { memorySource } from '../support/memory-source.ts';
import { send, sendRaw, upgradeTo, type Answer } from './support/client.ts';
import { freshFolder, started, type Started } from './support/gateway.ts';
import { closedUrl, startRaw, startUpstream, valuesOf, type TestUpstream } from './support/upstream.ts';
import { configOf } from '../contexts/sample.ts';

const READS = { inventory: { reads: { stage: 'extracted' } } } as const;

/** A shop that knows its own address alone, and is sure that its clients do, too. */
async function startLonelyMonolith(): Promise<TestUpstream> {
  const monolith: TestUpstream = await startUpstream('shop', (request, response, body) => {
    const own = `http://${request.headers.host}`;
    const configured = monolith.url;
    const { url, headers } = request;
    if (url === '/')
      return response.writeHead(302, { location: `${configured}/app/login?next=%2Fapp` }).end();
    if (url === '/app/login' && body === 'ada')
      return response
        .writeHead(303, [
          ...['Set-Cookie', 'sid=abc; Domain=.shop.internal; Path=/app; HttpOnly'],
          ...['Set-Cookie', 'seen=1; domain=shop.internal; path=/app/news; SameSite=Lax'],
          ...['Location', `${own}/app`],
        ])
        .end();
    if (url === '/app' && headers.cookie === 'sid=abc')
      return response.writeHead(200, { 'content-location': `${configured}/app?user=ada` }).end('hello ada');
    return response.writeHead(url === '/app' ? 401 : 200).end(`at ${url}`);
  });
  return monolith;
}

async function configFor(monolith: string, inventory: string, upstream = ''): Promise<Config> {
  return configOf(`
gateway: { listen: '127.0.0.1:0', ops: '127.0.0.1:0', stateDir: ${JSON.stringify(await freshFolder())}, trustedProxies: [127.0.0.2] }
upstreams:
  monolith: { url: ${monolith}${upstream} }
  inventory: { url: ${inventory} }
contexts:
  inventory:
    upstream: inventory
    routes:
      - match: 'GET /stock/:sku'
        rewrite: '/v2/items/:sku'
        request: { set: { X-Shop: de }, remove: [X-Debug] }
        response: { set: { Cache-Control: private }, remove: [Server] }
`);
}

const REWRITE = `, rewrite: { cookieDomain: { shop.internal: '' }, cookiePath: { /app: / } }`;

let monolith: TestUpstream;
beforeEach(async () => {
  monolith = await startLonelyMonolith();
});

/** Where a browser at this page of the gateway goes for the answer's Location. */
const next = (gateway: Started, page: string, answer: Answer) =>
  new URL(answer.headers.location!, new URL(page, gateway.url));

test.each(['client', 'upstream'])(
  'a log-in at a monolith that thinks it is on its own works through the gateway (host: %s)',
  async (host) => {
    const config = await configFor(monolith.url, monolith.url, `, host: ${host}${REWRITE}`);
    const gateway = await started(config, memorySource());
    const { host: ours } = new URL(gateway.url);

    const first = await send(gateway.url, '/', { headers: { host: ours } });
    const login = next(gateway, '/', first);
    expect([login.host, login.pathname, login.search]).toEqual([ours, '/app/login', '?next=%2Fapp']);

    const body = 'ada';
    const done = await send(gateway.url, login.pathname, {
      ...{ method: 'POST', body },
      headers: { host: ours, 'content-length': body.length },
    });
    expect(done.headers['set-cookie']).toEqual([
      'sid=abc; Path=/; HttpOnly',
      'seen=1; Path=/news; SameSite=Lax',
    ]);
    const home = next(gateway, login.pathname, done);
    expect([home.host, home.pathname]).toEqual([ours, '/app']);

    const page = await send(gateway.url, home.pathname, { headers: { host: ours, cookie: 'sid=abc' } });
    expect(page).toMatchObject({ status: 200, body: 'hello ada' });
    expect(page.headers['content-location']).toBe('/app?user=ada');
    const { fields } = monolith.seen.at(-1)!;
    expect(valuesOf(fields, 'host')).toEqual([host === 'client' ? ours : new URL(monolith.url).host]);
    expect(valuesOf(fields, 'x-forwarded-host')).toEqual([ours]);
  },
);

test('cookies are the monolith’s own unless the upstream says how they become public', async () => {
  const gateway = await started(await configFor(monolith.url, monolith.url), memorySource());
  const answer = await send(gateway.url, '/app/login', {
    method: 'POST',
    body: 'ada',
    headers: { 'content-length': 3 },
  });
  expect(answer.headers['set-cookie']).toEqual([
    'sid=abc; Domain=.shop.internal; Path=/app; HttpOnly',
    'seen=1; domain=shop.internal; path=/app/news; SameSite=Lax',
  ]);
});

test('a WebSocket upgrade gets the upstream’s own host and the client’s address, too', async () => {
  let head = '';
  const upstream = await startRaw((socket) =>
    socket.once('data', (chunk) => {
      head = chunk.toString();
      socket.end('HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n');
    }),
  );
  const config = await configFor(upstream.url, upstream.url, ', host: upstream');
  const gateway = await started(config, memorySource());
  await sendRaw(gateway.url, upgradeTo('/chat').replace('\r\n\r\n', '\r\nX_Forwarded_For: 6.6.6.6\r\n\r\n'));
  expect(head).toContain(`host: ${new URL(upstream.url).host}\r\n`);
  expect(head).toMatch(/\r\nx-forwarded-for: 127.0.0.1\r\n/);
  expect(head).toMatch(/\r\nforwarded: for=127.0.0.1;host=shop;proto=http\r\n/);
  expect(head).not.toContain('6.6.6.6');
});

test('the answer to an upgrade, taken or refused, has public links and cookies', async () => {
  const more = (url: string) =>
    `Location: ${url}/app/login\r\nSet-Cookie: a=1; Path=/app\r\nSet-Cookie: b=2; Domain=shop.internal\r\n`;
  const upstream = await startRaw((socket) =>
    socket.once('data', (chunk) =>
      socket.end(
        chunk.toString().startsWith('GET /no')
          ? `HTTP/1.1 302 Found\r\n${more(upstream.url)}Keep-Alive: 1\r\nContent-Length: 2\r\n\r\nno`
          : `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n${more(upstream.url)}\r\nhi`,
      ),
    ),
  );
  const config = await configFor(upstream.url, upstream.url, `, host: upstream${REWRITE}`);
  const gateway = await started(config, memorySource());
  const fields = ['location: /app/login', 'set-cookie: a=1; Path=/', 'set-cookie: b=2'];
  const refused = (await sendRaw(gateway.url, upgradeTo('/no'))).split('\r\n');
  expect([refused[0], refused.at(-1)]).toEqual(['HTTP/1.1 302 Found', 'no']);
  expect(refused.slice(1, -2).toSorted()).toEqual(
    [...fields, 'content-length: 2', 'connection: close', 'via: 1.1 banyan'].toSorted(),
  );
  const taken = (await sendRaw(gateway.url, upgradeTo('/yes'))).split('\r\n');
  expect([taken[0], taken.at(-1)]).toEqual(['HTTP/1.1 101 Switching Protocols', 'hi']);
  expect(taken.slice(1, -2).toSorted()).toEqual(
    [...fields, 'connection: Upgrade', 'upgrade: websocket', 'via: 1.1 banyan'].toSorted(),
  );
});

test.each([
  ['over a pooled connection', {}],
  ['with an empty body that says so', { 'content-length': '0' }],
])(
  'a route’s fields and the way back of its rewrite hold while the service answers: %s',
  async (_how, more) => {
    const inventory = await startUpstream('inventory', (_request, response) =>
      response
        .writeHead(301, [
          'Location',
          '/v2/items/2?x',
          'Server',
          'items/1',
          'X-Kept',
          'yes',
          'Cache-Control',
          'public',
        ])
        .end(),
    );
    const gateway = await started(await configFor(monolith.url, inventory.url), memorySource(READS));
    const answer = await send(gateway.url, '/stock/1', {
      headers: { 'X-Debug': '1', 'x-shop': 'at', ...more },
    });
    expect(answer.headers).toMatchObject({
      location: '/stock/2?x',
      'x-kept': 'yes',
      'cache-control': 'private',
    });
    expect(answer.headers.server).toBeUndefined();
    const { target, fields } = inventory.seen[0]!;
    expect(target).toBe('/v2/items/1');
    expect(valuesOf(fields, 'x-shop')).toEqual(['de']);
    expect(valuesOf(fields, 'x-debug')).toEqual([]);
  },
);

test('where the monolith steps in, or the context is its own, the route’s fields are left alone', async () => {
  const source = memorySource(READS);
  const gateway = await started(await configFor(monolith.url, await closedUrl()), source);
  const answer = await send(gateway.url, '/stock/1', { headers: { 'X-Debug': '1' } });
  expect(answer).toMatchObject({ status: 200, body: 'at /stock/1' });
  expect(answer.headers['cache-control']).toBeUndefined();
  const { fields } = monolith.seen[0]!;
  expect(valuesOf(fields, 'x-shop')).toEqual([]);
  expect(valuesOf(fields, 'x-debug')).toEqual(['1']);
});

test('CORS is between the browser and the upstream: a preflight goes through as it is', async () => {
  const allow = [
    ...['Access-Control-Allow-Origin', 'https://app.example', 'Vary', 'Origin'],
    ...['Access-Control-Allow-Credentials', 'true', 'Access-Control-Allow-Headers', 'X-A, X-B'],
  ];
  const upstream = await startUpstream('cors', (_request, response) => response.writeHead(204, allow).end());
  const gateway = await started(await configFor(upstream.url, upstream.url), memorySource());
  const ask = { origin: 'https://app.example', 'access-control-request-method': 'PUT' };
  const answer = await send(gateway.url, '/api', { method: 'OPTIONS', headers: ask });
  expect(answer.status).toBe(204);
  expect(answer.fields.slice(0, allow.length)).toEqual(allow);
  const { method, fields } = upstream.seen[0]!;
  expect(method).toBe('OPTIONS');
  for (const [name, value] of Object.entries(ask)) expect(valuesOf(fields, name)).toEqual([value]);
});

test('only a trusted proxy’s word on the client reaches the upstream', async () => {
  const gateway = await started(await configFor(monolith.url, monolith.url), memorySource());
  const headers = { host: 'shop', 'x-forwarded-for': '198.51.100.9', 'x-forwarded-proto': 'https' };
  await send(gateway.url, '/a', { headers, localAddress: '127.0.0.2' });
  await send(gateway.url, '/b', { headers });
  const [trusted, other] = monolith.seen.map(({ fields }) =>
    ['x-forwarded-for', 'x-forwarded-proto', 'x-forwarded-port', 'forwarded'].flatMap((name) =>
      valuesOf(fields, name),
    ),
  );
  expect(trusted).toEqual([
    ...['198.51.100.9, 127.0.0.2', 'https', '443'],
    'for=198.51.100.9, for=127.0.0.2;host=shop;proto=http',
  ]);
  expect(other).toEqual(['127.0.0.1', 'http', '80', 'for=127.0.0.1;host=shop;proto=http']);
});
