import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { parseConfig } from '../../contexts/index.ts';
import { adminTokens } from '../../control-plane/admin-token.ts';
import { openStore, startControlPlane } from '../../control-plane/index.ts';
import { openLog } from '../../runtime/log.ts';

const TOKEN = 'the-token-of-ada-1815';
const log = openLog('test', 'silent');

async function newConfig(control = `tokens: [{ owner: ada, token: ${TOKEN} }]`) {
  const stateDir = await mkdtemp(join(tmpdir(), 'banyan-reach-'));
  onTestFinished(() => rm(stateDir, { recursive: true, force: true }));
  const parsed = parseConfig(
    `
gateway: { stateDir: '${stateDir}' }
upstreams: { monolith: { url: 'http://127.0.0.1:1' }, inventory: { url: 'http://127.0.0.1:2' } }
contexts: { inventory: { upstream: inventory, routes: ['GET /inventory/:sku'] } }
control: { ${control} }
`,
    () => undefined,
  );
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.mistakes));
  return { config: parsed.config, stateDir };
}

async function serve(control?: string, listen = '127.0.0.1:0') {
  const { config, stateDir } = await newConfig(control);
  const store = await openStore(config);
  onTestFinished(() => store.close());
  const running = await startControlPlane({ config, store, log, listen });
  onTestFinished(() => running.stop());
  const call = async (method: string, path: string, body?: unknown) => {
    const response = await fetch(`${running.url.replace('0.0.0.0', '127.0.0.1')}${path}`, {
      method,
      headers: { authorization: `Bearer ${TOKEN}`, 'content-type': 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    return { status: response.status, body: (await response.json()) as Record<string, unknown> };
  };
  const confirm = async (gateway: string) => {
    const { generation, revision } = await store.read();
    await store.confirm({ gateway, generation, revision, writesInFlight: { inventory: 2 } });
  };
  const age = async (gateway: string, by: number) => {
    const file = join(stateDir, 'gateways', `${gateway}.json`);
    const stored = JSON.parse(await readFile(file, 'utf8')) as { seenAt: number };
    await writeFile(file, JSON.stringify({ ...stored, seenAt: stored.seenAt - by }));
  };
  return { call, store, confirm, age, stateDir };
}

describe('a gateway that was cut off', () => {
  it('is named by every change for days, and no more once it is forgotten', async () => {
    const { call, store, confirm, age } = await serve();
    await confirm('gw-1');
    await age('gw-1', 3 * 86_400_000);
    const { revision } = await store.read();
    const set = await call('POST', '/v1/contexts/inventory', { reads: 'extracted', wait: 5_000 });
    expect(set.body).toMatchObject({
      summary: `0 of 1 at revision ${revision + 1}`,
      missing: [{ gateway: 'gw-1', revision }],
    });
    const forgotten = await call('DELETE', '/v1/gateways/gw-1');
    expect(forgotten).toMatchObject({ status: 200, body: { gateway: 'gw-1' } });
    expect(forgotten.body['lastSeenAgoMs']).toBeGreaterThan(2 * 86_400_000);
    const undo = await call('POST', '/v1/contexts/inventory/undo', {});
    expect(undo.body).toMatchObject({ confirmed: [], missing: [] });
  });

  it('is not forgotten while it lives, nor when there is none of its name', async () => {
    const { call, confirm } = await serve();
    await confirm('gw-1');
    const alive = await call('DELETE', '/v1/gateways/gw-1');
    expect(alive).toMatchObject({ status: 409, body: { title: 'Gateway Alive', kind: 'alive' } });
    expect(alive.body['detail']).toMatch(/^gateway 'gw-1' reported \d+ ms ago: it lives/);
    const unknown = await call('DELETE', '/v1/gateways/toString');
    expect(unknown).toMatchObject({ status: 404, body: { known: ['gw-1'] } });
    expect(unknown.body['detail']).toBe("there is no gateway 'toString'; registered gateways: gw-1");
  });

  it('whose report is broken is named with the file, and its writes are unknown', async () => {
    const { call, confirm, stateDir } = await serve();
    await confirm('gw-1');
    await writeFile(join(stateDir, 'gateways', 'gw-1.json'), '');
    const set = await call('POST', '/v1/contexts/inventory', { reads: 'extracted', wait: 0 });
    expect(set.body['missing']).toMatchObject([
      { gateway: 'gw-1', unreadable: expect.stringContaining('gw-1.json is not a report') },
    ]);
    const move = await call('POST', '/v1/contexts/inventory', { writes: 'extracted' });
    expect(move.body['inFlight']).toMatchObject({ writes: [{ gateway: 'gw-1', count: null }] });
    expect((await call('DELETE', '/v1/gateways/gw-1')).status).toBe(200);
  });
});

it.each(['toString', 'constructor', '__proto__', 'hasOwnProperty'])(
  'there is no context %s, though every object has something of that name',
  async (name) => {
    const { call } = await serve();
    for (const path of [`/v1/contexts/${name}`, `/v1/contexts/${name}/undo`]) {
      // Its cohort, which it doesn't have either, must not be what is missed.
      const body = path.endsWith('undo') ? {} : { reads: 'canary', percent: 5 };
      const answer = await call('POST', path, body);
      expect(answer.status).toBe(404);
      expect(answer.body['detail']).toBe(`there is no context '${name}'; known contexts: inventory`);
    }
  },
);

describe('the admin API on an address that other hosts reach', () => {
  it.each([
    ['without a word of it', `tokens: [{ owner: ada, token: ${TOKEN} }]`],
    ['without tokens', ''],
  ])('does not start %s', async (_what, control) => {
    await expect(serve(control, '0.0.0.0:0')).rejects.toThrow(
      'the admin API does not listen on 0.0.0.0:0, where other hosts reach it',
    );
  });

  it('starts when the configuration says so and has tokens', async () => {
    const { call } = await serve(`exposed: true, tokens: [{ owner: ada, token: ${TOKEN} }]`, '0.0.0.0:0');
    expect((await call('GET', '/v1/contexts')).status).toBe(200);
  });
});

describe('the token file', () => {
  it('is renewed when it is empty, and kept otherwise', async () => {
    const { config, stateDir } = await newConfig('');
    const file = join(stateDir, 'admin.token');
    const tokenOf = async () => (await adminTokens(config))[0]!.token;
    for (const empty of ['', ' \n']) {
      await writeFile(file, empty);
      const token = await tokenOf();
      expect(token).toMatch(/^[\w-]{43}$/);
      expect(await readFile(file, 'utf8')).toBe(`${token}\n`);
      expect((await stat(file)).mode & 0o777).toBe(0o600);
      expect(await tokenOf()).toBe(token);
    }
  });

  it('is one for all that start at the same moment, and never half a one', async () => {
    const { config } = await newConfig('');
    const tokens = await Promise.all(Array.from({ length: 8 }, () => adminTokens(config)));
    expect(new Set(tokens.map(([one]) => one!.token)).size).toBe(1);
  });

  it('that can’t be written is named', async () => {
    const { config, stateDir } = await newConfig('');
    await rm(stateDir, { recursive: true });
    await writeFile(stateDir, '');
    await expect(adminTokens(config)).rejects.toThrow(/can't use the admin token in .*admin\.token: ENOTDIR/);
  });
});
