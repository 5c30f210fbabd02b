import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeEach, expect, test } from 'vitest';
import { cohortPosition, type Stages } from '../../contexts/index.ts';
import { memorySource, type MemorySource } from '../support/memory-source.ts';
import { until } from '../support/until.ts';
import { send } from './support/client.ts';
import { freshFolder, metric, shopConfig, started, type Started } from './support/gateway.ts';
import { startRaw, startUpstream, type TestUpstream } from './support/upstream.ts';

let monolith: TestUpstream;
let inventory: TestUpstream;
let stateDir: string;
const config = () => shopConfig({ monolith: monolith.url, inventory: inventory.url }, { stateDir });
const revisionOf = (gateway: Started) => metric(gateway, 'banyan_gateway_revision');
const percent = (share: number) => ({ inventory: { reads: { stage: 'canary', percent: share } } }) as const;
const EXTRACTED = { inventory: { reads: { stage: 'extracted' } } } as const;

beforeEach(async () => {
  monolith = await startUpstream('monolith');
  inventory = await startUpstream('inventory');
  stateDir = await freshFolder();
});

test('reads go where their stage says, from legacy through canary to extracted, and back', async () => {
  const source = memorySource();
  const gateway = await started(await config(), source);
  const inNone = `c${[...Array(1_000).keys()].find((index) => cohortPosition('inventory', `c${index}`) > 0.5)}`;
  const read = async () =>
    (await send(gateway.url, '/inventory/a', { headers: { cookie: `sid=${inNone}` } })).body;
  expect(await read()).toBe('monolith');
  source.set(EXTRACTED);
  await until('extracted', async () => (await read()) === 'inventory');
  source.set(percent(50));
  await until('canary', async () => (await read()) === 'monolith');
  source.set(percent(100));
  await until('canary 100', async () => (await read()) === 'inventory');
  source.set({ inventory: { reads: { stage: 'legacy' } } });
  await until('legacy', async () => (await read()) === 'monolith');
});

test('writes follow their own stage', async () => {
  const source = memorySource(EXTRACTED);
  const gateway = await started(await config(), source);
  const write = async () => (await send(gateway.url, '/inventory/a', { method: 'POST', body: 'x' })).body;
  expect(await write()).toBe('monolith');
  source.set({ inventory: { writes: { stage: 'extracted' } } });
  await until('extracted', async () => (await write()) === 'inventory');
});

test('a percentage holds over cohorts, each cohort stays where it is, and raising it moves nobody back', async () => {
  const source = memorySource(percent(10));
  const gateway = await started(await config(), source);
  const cohorts = Array.from({ length: 600 }, (_, index) => `session-${index}`);
  const answered = async () => {
    const served = new Set<string>();
    for (const cohort of cohorts) {
      const { body } = await send(gateway.url, '/inventory/a', { headers: { cookie: `a=b; sid=${cohort}` } });
      if (body === 'inventory') served.add(cohort);
    }
    return served;
  };
  let before = new Set<string>();
  for (const share of [10, 25, 50]) {
    source.set(percent(share));
    const { revision } = await source.read();
    await until('the change is in force', async () => (await revisionOf(gateway)) === revision);
    const now = await answered();
    const expected = (cohorts.length * share) / 100;
    expect(Math.abs(now.size - expected)).toBeLessThan(3.29 * Math.sqrt(expected * (1 - share / 100)));
    for (const cohort of before) expect(now.has(cohort)).toBe(true);
    before = now;
  }
  expect(await answered()).toEqual(before);
  expect((await send(gateway.url, '/inventory/a')).body).toBe('monolith');
});

test('not one request fails while the stages change under load', async () => {
  const source = memorySource();
  const gateway = await started(await config(), source);
  const stop = new AbortController();
  const statuses = new Map<number, number>();
  const load = async () => {
    while (!stop.signal.aborted) {
      const { status } = await send(gateway.url, '/inventory/a', { headers: { cookie: 'sid=x' } });
      statuses.set(status, (statuses.get(status) ?? 0) + 1);
    }
  };
  const loads = Promise.all([load(), load(), load(), load()]);
  for (let change = 0; change < 100; change += 1) {
    source.set(change % 2 ? EXTRACTED : percent(50));
    const { revision } = await source.read();
    await until('it is confirmed', () => source.reports.at(-1)?.revision === revision);
  }
  stop.abort();
  await loads;
  expect([...statuses.keys()]).toEqual([200]);
  expect(statuses.get(200)).toBeGreaterThan(100);
});

test('a change with a hint is in force and confirmed on four gateways at once', async () => {
  const source = memorySource();
  for (const name of ['a', 'b', 'c', 'd']) await started(await config(), source, { name });
  const waits: number[] = [];
  for (let change = 0; change < 50; change += 1) {
    const before = source.reports.length;
    const began = performance.now();
    source.set(percent(change));
    const { revision } = await source.read();
    await until('all four', () => {
      const taken = source.reports.slice(before).filter((report) => report.revision === revision);
      return new Set(taken.map(({ gateway }) => gateway)).size === 4;
    });
    waits.push(performance.now() - began);
  }
  // Beside other tests; toggle-time.int.test.ts holds it to 100 ms on a machine of its own.
  expect(waits.toSorted((a, b) => a - b)[47]).toBeLessThan(1_000);
});

test('without a hint a change is in force soon, by the poll alone', async () => {
  const source = memorySource();
  const gateway = await started(await config(), source);
  source.set(EXTRACTED, { hint: false });
  await until('the change is in force', async () => (await revisionOf(gateway)) === 2);
});

test('a request is answered under the snapshot that it began with', async () => {
  const source = memorySource(EXTRACTED);
  let refuse: (() => void) | undefined;
  const dying = await startRaw((socket) => socket.once('data', () => (refuse = () => socket.destroy())));
  const gateway = await started(
    await shopConfig({ monolith: monolith.url, inventory: dying.url }, { stateDir }),
    source,
  );
  const waiting = send(gateway.url, '/inventory/a');
  await until('the request is with the service', () => refuse);
  // From now on the monolith doesn't own the writes any more; this request still may fall back to it.
  source.set({ inventory: { writes: { stage: 'extracted' } } });
  await until('the change is in force', async () => (await revisionOf(gateway)) === 2);
  refuse!();
  expect((await waiting).body).toBe('monolith');
});

test('every poll confirms the revision, with the writes under way per context', async () => {
  const source = memorySource();
  let answer: (() => void) | undefined;
  const slow = await startUpstream('slow', (_request, response) => (answer = () => response.end()));
  const gateway = await started(
    await shopConfig({ monolith: slow.url, inventory: inventory.url }, { stateDir }),
    source,
    {
      name: 'shop-1:8080',
    },
  );
  const idle = { gateway: 'shop-1:8080', generation: 'first', revision: 1, writesInFlight: {} };
  await until('a heartbeat', () => source.reports.length >= 3);
  expect(source.reports[0]).toEqual(idle);
  const waiting = send(gateway.url, '/inventory/a', { method: 'POST' });
  await until('the write is reported', () => source.reports.at(-1)?.writesInFlight['inventory'] === 1);
  answer!();
  await waiting;
  await until('its end is reported', () => Object.keys(source.reports.at(-1)!.writesInFlight).length === 0);
});

test('while the store is away the last snapshot stays in force, the log says so once, and it recovers by itself', async () => {
  const source = memorySource(EXTRACTED);
  const gateway = await started(await config(), source);
  source.away = true;
  await until('the log says so', () =>
    gateway.lines.some(({ msg }) => String(msg).startsWith('the store can’t be read')),
  );
  for (let poll = 0; poll < 3; poll += 1) {
    const reads = await metric(gateway, 'banyan_gateway_revision');
    expect(reads).toBe(1);
    expect((await send(gateway.url, '/inventory/a')).body).toBe('inventory');
    source.set(percent(poll));
  }
  source.away = false;
  await until('it took over what it missed', async () => (await revisionOf(gateway)) === 4);
  expect(gateway.lines.filter(({ msg }) => String(msg).startsWith('the store can’t be read'))).toHaveLength(
    1,
  );
  expect(gateway.lines.filter(({ msg }) => msg === 'the store can be read again')).toHaveLength(1);
});

test('a store that hangs is a store that is away', async () => {
  const source = memorySource(EXTRACTED);
  const gateway = await started(await config(), { ...source, read: () => new Promise(() => {}) });
  expect(await (await fetch(`${gateway.opsUrl}/readyz`)).text()).toContain('no snapshot');
  expect((await send(gateway.url, '/inventory/a')).body).toBe('monolith');
});

test('a copy on disk serves a start without the store', async () => {
  const source = memorySource(EXTRACTED);
  const first = await started(await config(), source, { name: 'shop:1/2' });
  const file = join(stateDir, 'snapshot-shop%3A1%2F2.json');
  await until('the copy', async () => (JSON.parse(await readFile(file, 'utf8')) as Stages).revision === 1);
  source.set(percent(100));
  await until(
    'the copy follows',
    async () => (JSON.parse(await readFile(file, 'utf8')) as Stages).revision === 2,
  );
  await first.stop();
  source.away = true;
  const second = await started(await config(), source, { name: 'shop:1/2' });
  expect((await fetch(`${second.opsUrl}/readyz`)).status).toBe(200);
  expect(await revisionOf(second)).toBe(2);
  expect((await send(second.url, '/inventory/a', { headers: { cookie: 'sid=x' } })).body).toBe('inventory');
  source.away = false;
  source.set({ inventory: { reads: { stage: 'legacy' } } });
  await until('the store is back in charge', async () => (await revisionOf(second)) === 3);
});

test('without store and copy everything goes to the monolith, and the gateway is not ready until it has a snapshot', async () => {
  const source = memorySource(EXTRACTED);
  source.away = true;
  const gateway = await started(await config(), source);
  expect((await fetch(`${gateway.opsUrl}/healthz`)).status).toBe(200);
  const ready = await fetch(`${gateway.opsUrl}/readyz`);
  expect(ready.status).toBe(503);
  expect(await ready.text()).toBe('not ready: no snapshot: the store is away and there is no copy on disk\n');
  expect((await send(gateway.url, '/inventory/a')).body).toBe('monolith');
  expect(gateway.lines.map(({ msg }) => msg)).toContain(
    'no snapshot: everything goes to the monolith until the store can be read',
  );
  source.away = false;
  await until('ready', async () => (await fetch(`${gateway.opsUrl}/readyz`)).status === 200);
  expect((await send(gateway.url, '/inventory/a')).body).toBe('inventory');
});

test('a copy that is no copy is named in the log and not believed', async () => {
  const source = memorySource(EXTRACTED);
  source.away = true;
  await writeFile(join(stateDir, 'snapshot-g1.json'), '{"revision": 1}');
  const gateway = await started(await config(), source);
  expect((await fetch(`${gateway.opsUrl}/readyz`)).status).toBe(503);
  expect(gateway.lines.map(({ msg }) => msg)).toContain('the copy of the snapshot can’t be read');
});

test('a revision never goes back within a generation; another generation wins whatever its revision', async () => {
  const source: MemorySource = memorySource(EXTRACTED);
  source.set(EXTRACTED);
  const gateway = await started(await config(), source);
  const legacy = {
    inventory: { reads: { stage: 'legacy' }, writes: { stage: 'legacy' }, salt: 'x' },
  } as const;
  const before = source.reports.length;
  source.replace({ generation: 'first', revision: 1, contexts: legacy });
  await until('it has read the old revision', () => source.reports.length >= before + 2);
  expect(await revisionOf(gateway)).toBe(2);
  expect((await send(gateway.url, '/inventory/a')).body).toBe('inventory');
  source.replace({ generation: 'restored', revision: 1, contexts: legacy });
  await until('the restored store', async () => (await revisionOf(gateway)) === 1);
  expect((await send(gateway.url, '/inventory/a')).body).toBe('monolith');
});

test('the ops port counts requests by upstream, context, kind and class of status', async () => {
  const gateway = await started(await config(), memorySource(EXTRACTED));
  await send(gateway.url, '/inventory/a');
  await send(gateway.url, '/inventory/a', { method: 'POST' });
  await send(gateway.url, '/other');
  const of = (labels: string) => metric(gateway, `banyan_gateway_requests_total{${labels}}`);
  expect(await of('upstream="inventory",context="inventory",kind="read",status="2xx"')).toBe(1);
  expect(await of('upstream="monolith",context="inventory",kind="write",status="2xx"')).toBe(1);
  expect(await of('upstream="monolith",context="",kind="",status="2xx"')).toBe(1);
});

test('a port that is taken is named', async () => {
  const address = monolith.url.replace('http://', '');
  await expect(started(await config(), memorySource(), { listen: address })).rejects.toThrow(address);
  await expect(started(await config(), memorySource(), { ops: address })).rejects.toThrow(address);
});
