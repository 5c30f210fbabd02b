import { mkdtemp, rm, chmod, stat } from 'node:fs/promises';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { parseConfig, type Config } from '../../contexts/index.ts';
import { openStore, startControlPlane, type SnapshotStore } from '../../control-plane/index.ts';
import { openLog } from '../../runtime/log.ts';

const ADA = 'the-token-of-ada-1815';
const BOB = 'the-token-of-bob-1912';
const log = openLog('test', 'silent');

let config: Config;
let store: SnapshotStore;
let url: string;

async function start(tokens = `tokens: [{ owner: ada, token: ${ADA} }, { owner: bob, token: ${BOB} }]`) {
  const stateDir = await mkdtemp(join(tmpdir(), 'banyan-admin-'));
  onTestFinished(() => rm(stateDir, { recursive: true, force: true }));
  const parsed = parseConfig(
    `
gateway: { stateDir: '${stateDir}' }
upstreams: { monolith: { url: 'http://127.0.0.1:1' }, inventory: { url: 'http://127.0.0.1:2' } }
contexts:
  inventory:
    upstream: inventory
    cohort: { cookie: sid }
    routes: [{ match: 'GET /inventory/:sku', rewrite: '/stock/:sku' }]
    events: [StockAdjusted]
  orders: { upstream: inventory, routes: ['GET /orders/:id'] }
control: { ${tokens} }
`,
    () => undefined,
  );
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.mistakes));
  ({ config } = parsed);
  store = await openStore(config);
  onTestFinished(() => store.close());
  return config;
}

async function serve(pendingEvents?: (context: string) => Promise<number | undefined>) {
  const running = await startControlPlane({ config, store, log, listen: '127.0.0.1:0', pendingEvents });
  onTestFinished(() => running.stop());
  ({ url } = running);
}

interface Answer {
  readonly status: number;
  readonly type: string | null;
  readonly body: Record<string, unknown>;
}

async function call(method: string, path: string, body?: unknown, token = ADA): Promise<Answer> {
  const response = await fetch(`${url}${path}`, {
    method,
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
  });
  return {
    status: response.status,
    type: response.headers.get('content-type'),
    body: (await response.json()) as Record<string, unknown>,
  };
}

const confirm = async (gateway: string, writes = 0) => {
  const { generation, revision } = await store.read();
  await store.confirm({ gateway, generation, revision, writesInFlight: { inventory: writes } });
};

beforeEach(async () => {
  await start();
  await serve();
});

describe('the admin API lets in', () => {
  it.each([
    ['no token', undefined],
    ['an empty token', 'Bearer '],
    ['a wrong token', 'Bearer the-token-of-ada-1816'],
    ['a token of another kind', `Basic ${ADA}`],
  ])('nobody with %s', async (_what, authorization) => {
    for (const path of ['/v1/contexts', '/v1/audit', '/v1/nothing']) {
      const response = await fetch(`${url}${path}`, { headers: authorization ? { authorization } : {} });
      expect(response.status).toBe(401);
      expect(response.headers.get('www-authenticate')).toMatch(/^Bearer/);
      expect(response.headers.get('content-type')).toMatch('application/problem+json');
      expect(await response.json()).toMatchObject({ status: 401, title: 'Unauthorized' });
    }
  });

  it('anybody who asks for its health', async () => {
    expect(await (await fetch(`${url}/healthz`)).text()).toBe('ok\n');
    expect((await fetch(`${url}/readyz`)).status).toBe(200);
  });

  it('nobody whose Host is a public name, since a page of a stranger could have it rebound', async () => {
    const ask = (host: string) =>
      new Promise<number | undefined>((resolve, reject) => {
        const headers = { host, authorization: `Bearer ${ADA}` };
        request(`${url}/v1/contexts`, { headers }, (response) => {
          response.resume();
          resolve(response.statusCode);
        })
          .on('error', reject)
          .end();
      });
    expect(await ask('evil.example.com')).toBe(403);
    expect(await ask('evil.example.com:9102')).toBe(403);
    for (const host of ['localhost:9102', '127.0.0.1:9102', '[::1]:9102', 'gateway:9102']) {
      expect(await ask(host)).toBe(200);
    }
  });

  it('the owner of the file that it makes at its first start, readable by that user alone', async () => {
    const own = await start('');
    const { adminClient } = await import('../../cli/admin-client.ts');
    expect(() => adminClient(own, {}, {})).toThrow(/no token: .*admin\.token is not there/);
    await serve();
    const file = join(own.gateway.stateDir, 'admin.token');
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    const client = adminClient(own, { url }, {});
    await client.post('/v1/contexts/inventory', { reads: 'extracted', wait: 0 });
    expect(await store.audit({ limit: 1 })).toMatchObject([{ actor: 'local' }]);
    await serve();
    await adminClient(own, { url }, {}).get('/v1/contexts');
    await chmod(file, 0o644);
    await expect(serve()).rejects.toThrow('can be read by others (mode 644, required 600)');
  });
});

describe('the admin API changes stages', () => {
  it('and the audit names the owner of the token', async () => {
    const set = await call('POST', '/v1/contexts/inventory', {
      reads: 'canary',
      percent: 12.5,
      reason: 'try',
    });
    expect(set).toMatchObject({
      status: 200,
      body: {
        context: 'inventory',
        changed: true,
        before: { reads: { stage: 'legacy' } },
        after: { reads: { stage: 'canary', percent: 12.5 }, writes: { stage: 'legacy' } },
        confirmed: [],
        missing: [],
      },
    });
    await call('POST', '/v1/contexts/inventory/undo', {}, BOB);
    const { body } = await call('GET', '/v1/audit?context=inventory');
    expect(body['entries']).toMatchObject([
      { action: 'undo', actor: 'bob', reason: null },
      { action: 'set', actor: 'ada', reason: 'try' },
      { action: 'first', actor: 'banyan.yaml' },
    ]);
    const list = await call('GET', '/v1/contexts');
    expect(list.body['revision']).toBe(3);
    expect(list.body['contexts']).toMatchObject([
      {
        name: 'inventory',
        upstream: 'inventory',
        routes: ['GET /inventory/:sku'],
        events: ['StockAdjusted'],
        reads: { stage: 'legacy' },
        lastChange: { action: 'undo', actor: 'bob', revision: 3 },
      },
      { name: 'orders', lastChange: { action: 'first' } },
    ]);
  });

  it('and takes what GET answers with', async () => {
    const { status } = await call('POST', '/v1/contexts/inventory', {
      reads: { stage: 'canary', percent: 5 },
      writes: { stage: 'legacy' },
    });
    expect(status).toBe(200);
    expect((await store.read()).contexts['inventory']?.reads).toEqual({ stage: 'canary', percent: 5 });
  });

  it('and keeps the lists of a canary unless it is told whole', async () => {
    const set = async (body: unknown) => {
      await call('POST', '/v1/contexts/inventory', body);
      return (await store.read()).contexts['inventory']?.reads;
    };
    const listed = { stage: 'canary', percent: 5, include: ['a'], exclude: ['vip'] };
    const { percent, include, exclude } = listed;
    expect(await set({ reads: 'canary', percent, include, exclude })).toEqual(listed);
    expect(await set({ reads: 'canary', percent: 9 })).toEqual({ ...listed, percent: 9 });
    expect(await set({ reads: { stage: 'canary', percent: 9 } })).toEqual({ stage: 'canary', percent: 9 });
    expect(await set({ reads: listed })).toEqual(listed);
  });

  it.each([
    ['POST', '/v1/contexts/inventory', { reads: 'canary', percent: 1, include: [''] }, 422, 'include.0'],
    ['POST', '/v1/contexts/inventory', { include: Array(201).fill('a') }, 422, 'include: '],
    ['POST', '/v1/contexts/inventry', { reads: 'legacy' }, 404, 'known contexts: inventory, orders'],
    ['POST', '/v1/contexts/inventry/undo', {}, 404, 'known contexts: inventory, orders'],
    [
      'POST',
      '/v1/contexts/inventory',
      { reads: 'mirror' },
      422,
      'known stages: legacy, shadow, canary, extracted',
    ],
    ['POST', '/v1/contexts/inventory', { reads: 'canary', percent: 101 }, 422, 'from 0 to 100; found 101'],
    ['POST', '/v1/contexts/orders', { reads: 'canary', percent: 1 }, 422, "context 'orders' has no cohort"],
    ['POST', '/v1/contexts/inventory', { read: 'legacy' }, 422, '"read"'],
    ['POST', '/v1/contexts/inventory', '{"reads": ', 400, 'JSON'],
    ['POST', '/v1/contexts/inventory', 'x'.repeat(70_000), 413, 'large'],
    ['POST', '/v1/contexts/inventory/undo', {}, 409, "no change of 'inventory' to undo"],
    ['POST', '/v1/explain', { method: 'get', target: 'x' }, 422, 'a path that begins with /'],
    ['GET', '/v1/audit?limit=0', undefined, 422, 'limit'],
    ['GET', '/v1/nothing', undefined, 404, 'there is no GET /v1/nothing'],
  ])('but answers %s %s %j with %i, and says why', async (method, path, body, status, detail) => {
    const before = await store.read();
    const answer = await call(method, path, body);
    expect(answer).toMatchObject({ status, body: { status, title: expect.any(String) } });
    expect(answer.type).toMatch('application/problem+json');
    expect(answer.body['detail']).toContain(detail);
    expect(await store.read()).toEqual(before);
  });

  it('and names who did not take a change over, and when he was last seen', async () => {
    await confirm('gw-1');
    await confirm('gw-2');
    const { revision } = await store.read();
    store.onHint(() => void confirm('gw-1'));
    const { body } = await call('POST', '/v1/contexts/inventory', { reads: 'extracted', wait: 300 });
    expect(body).toMatchObject({
      summary: `1 of 2 at revision ${revision + 1}`,
      confirmed: [{ gateway: 'gw-1' }],
      missing: [{ gateway: 'gw-2', revision }],
    });
    const [missing] = body['missing'] as { lastSeenAgoMs: number }[];
    expect(missing!.lastSeenAgoMs).toBeGreaterThanOrEqual(300);
  });
});

describe('moving writes', () => {
  const move = { writes: 'extracted' };

  it('is refused, and the refusal names what is in flight', async () => {
    await serve(async (context) => (context === 'inventory' ? 12 : undefined));
    await confirm('gw-1', 3);
    await confirm('gw-2');
    const { status, body } = await call('POST', '/v1/contexts/inventory', move);
    expect(status).toBe(409);
    expect(body['detail']).toMatch(/moving the writes of 'inventory' from legacy to extracted is refused/);
    expect(body['detail']).toMatch(/gw-1: 3 writes under way; gw-2: 0 writes under way; pending events: 12/);
    expect(body['detail']).toMatch(/--unsafe and --reason/);
    expect(body['inFlight']).toMatchObject({ pendingEvents: 12, writes: [{ count: 3 }, { count: 0 }] });
    expect((await store.read()).contexts['inventory']?.writes).toEqual({ stage: 'legacy' });
  });

  it('is refused with what is not known said to be unknown', async () => {
    await serve(() => Promise.reject(new Error('the outbox is away')));
    const { body } = await call('POST', '/v1/contexts/inventory', { ...move, unsafe: true });
    expect(body['detail']).toMatch(/a reason is missing/);
    expect(body['detail']).toMatch(
      /writes under way: unknown, no gateway is registered; pending events: unknown/,
    );
  });

  it('is done with consent, and its undo wants consent too', async () => {
    const consent = { unsafe: true, reason: 'the night of the move' };
    expect((await call('POST', '/v1/contexts/inventory', { ...move, ...consent })).status).toBe(200);
    const refused = await call('POST', '/v1/contexts/inventory/undo', {});
    expect(refused.status).toBe(409);
    expect(refused.body['detail']).toMatch(/from extracted to legacy is refused/);
    expect((await call('POST', '/v1/contexts/inventory/undo', consent)).status).toBe(200);
    expect(await store.audit({ limit: 2 })).toMatchObject([
      { action: 'undo', reason: 'the night of the move' },
      { action: 'set', reason: 'the night of the move' },
    ]);
  });
});

describe('the admin API explains', () => {
  it('which upstream a request goes to, why, and at which revision', async () => {
    await call('POST', '/v1/contexts/inventory', { reads: 'canary', percent: 100 });
    const ask = (body: Record<string, unknown>) =>
      call('POST', '/v1/explain', { method: 'GET', target: '/inventory/a%20b?x=1', ...body });
    expect((await ask({ cohort: 'ada' })).body).toMatchObject({
      ...{ upstream: 'inventory', context: 'inventory', route: 'GET /inventory/:sku', kind: 'read' },
      ...{ path: '/stock/a%20b?x=1', revision: 2, reason: expect.stringContaining('canary 100 %') },
    });
    expect((await ask({ headers: { Cookie: 'a=b; sid=ada' } })).body).toMatchObject({
      upstream: 'inventory',
    });
    expect((await ask({})).body).toMatchObject({
      upstream: 'monolith',
      reason: expect.stringContaining('cookie sid missing'),
    });
    expect((await ask({ target: '/cart' })).body).toMatchObject({ upstream: 'monolith', path: '/cart' });
    expect((await ask({ target: '/inventory%2Fa', host: 'shop.example' })).body).toMatchObject({
      upstream: 'monolith',
      doubt: { kind: 'encoded-slash', context: 'inventory' },
    });
    expect((await ask({ target: 'http://shop.example/cart' })).body).toMatchObject({
      authority: 'shop.example',
      path: 'http://shop.example/cart',
    });
  });
});

it('says that the store is away, with 503, and is not ready then', async () => {
  await rm(config.gateway.stateDir, { recursive: true });
  const { writeFile } = await import('node:fs/promises');
  await writeFile(config.gateway.stateDir, '');
  const { status, body } = await call('GET', '/v1/contexts');
  expect(status).toBe(503);
  expect(body['detail']).toMatch(/the store in .* can't be used/);
  const ready = await fetch(`${url}/readyz`);
  expect(ready.status).toBe(503);
  expect(await ready.text()).toMatch(/^not ready: the store in/);
});
