import { createConnection } from 'mysql2/promise';
import { expect, inject, onTestFinished, test } from 'vitest';
import type { KillAnswer } from '../../contexts/index.ts';
import { freePort } from '../../demo/servers/child.ts';
import { startDatabase } from '../../demo/servers/database.ts';
import { startRedis } from '../../demo/servers/redis.ts';
import { startFleet, startShoppers, type Fleet, type FleetGateway } from '../control-plane/fleet.ts';
import { createDatabase } from '../support/database.ts';
import { until } from '../support/until.ts';

const COHORTS = Array.from({ length: 20 }, (_, index) => `shopper-${index}`);
const AWAY = 30_000;

test('the store’s database is killed and away for 30 s: not one request fails, starts go on, a kill is carried out and audited later, and a change takes effect by itself afterwards, with Redis and without', async () => {
  const server = await startDatabase(await sameKind());
  onTestFinished(() => server.stop());
  const redis = await startRedis();
  onTestFinished(() => redis.stop());
  const neverThere = `redis://127.0.0.1:${await freePort()}`;
  const scenes = await Promise.all([
    openScene(await createDatabase(server.url, 'control'), redis.url),
    openScene(await createDatabase(server.url, 'control'), neverThere),
  ]);

  server.kill('SIGKILL');
  const down = performance.now();
  for (const scene of scenes) {
    await startsWithoutStore(scene);
    await killsWithoutStore(scene);
  }
  await until('30 s without the store', () => performance.now() - down > AWAY, AWAY);
  for (const { steady, before } of scenes) expect(await answersOf(steady)).toEqual(before);
  await server.restart();
  for (const scene of scenes) {
    await recovers(scene);
    await auditsKills(scene);
  }

  for (const { shoppers } of scenes) {
    const { requests, failures } = await shoppers.stop();
    expect(failures).toEqual([]);
    expect(requests).toBeGreaterThan(1_000);
  }
});

interface Scene {
  readonly fleet: Fleet;
  /** It runs from start to end. */
  readonly steady: FleetGateway;
  readonly shoppers: ReturnType<typeof startShoppers>;
  /** Who answered whom before the outage. */
  readonly before: readonly string[];
  /** The gateways that were started while the store was away. */
  readonly started: FleetGateway[];
}

/** Half of the cohorts at the service; one gateway under load, and another that has been there and is stopped. */
async function openScene(database: string, redis: string): Promise<Scene> {
  const fleet = await startFleet({ database, redis, names: ['steady', 'again'] });
  onTestFinished(() => fleet.stop());
  const [steady, again] = fleet.gateways as [FleetGateway, FleetGateway];
  await until('both gateways have the change', async () => {
    const { missing, confirmed } = await fleet.canary(50);
    return missing.length === 0 && confirmed.length === 2;
  });
  const before = await answersOf(steady);
  expect(new Set(before)).toEqual(new Set(['monolith', 'inventory']));
  await again.child.stop();
  const shoppers = startShoppers([steady], 8, 100);
  return { fleet, steady, shoppers, before, started: [] };
}

async function startsWithoutStore({ fleet, before, started }: Scene): Promise<void> {
  // Its copy of the snapshot is on the disk.
  const again = await fleet.startGateway('again');
  expect(await ready(again)).toEqual([200, 'ready\n']);
  expect(await answersOf(again)).toEqual(before);
  // This one has never been there.
  const fresh = await fleet.startGateway('fresh');
  const reason = 'no snapshot: the store is away and there is no copy on disk';
  expect(await ready(fresh)).toEqual([503, `not ready: ${reason}\n`]);
  expect(new Set(await answersOf(fresh))).toEqual(new Set(['monolith']));
  const write = await fetch(`${fresh.url}/inventory/sku-1`, { method: 'POST', body: 'x' });
  expect([write.status, await write.text()]).toEqual([200, 'monolith']);
  started.push(again, fresh);
}

/** By its ops port, on a gateway that was itself started without the store. */
async function killsWithoutStore({ before, started }: Scene): Promise<void> {
  const [again] = started as [FleetGateway];
  const order = async (path: string) => {
    const response = await fetch(`${again.opsUrl}${path}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ contexts: ['inventory'], by: 'ada@shop', reason: 'wrong stock' }),
    });
    return [response.status, await response.json()] as [number, KillAnswer];
  };
  const [status, answer] = await order('/kill');
  expect(status).toBe(200);
  expect(answer.contexts).toMatchObject([{ context: 'inventory', changed: true }]);
  expect(new Set(await answersOf(again))).toEqual(new Set(['monolith']));
  expect((await order('/kill/release'))[1].unaudited).toBe(2);
  expect(await answersOf(again)).toEqual(before);
}

async function auditsKills({ fleet }: Scene): Promise<void> {
  await until('the audit has both, once each', async () => {
    const { body } = await fleet.admin('GET', '/v1/audit?context=inventory');
    const { entries } = body as { entries: { action: string; actor: string; reason: string | null }[] };
    const kills = entries.filter(({ action }) => action === 'kill' || action === 'release');
    if (kills.length < 2) return false;
    expect(kills).toMatchObject([
      { action: 'release', actor: 'ada@shop' },
      { action: 'kill', actor: 'ada@shop', reason: 'wrong stock' },
    ]);
    return true;
  });
}

async function recovers({ fleet, steady, started }: Scene): Promise<void> {
  const gateways = [steady, ...started];
  await until('the control plane takes changes, and every gateway confirms them', async () => {
    const { missing, confirmed } = await fleet.canary(60);
    return missing.length === 0 && confirmed.length === gateways.length;
  });
  for (const gateway of gateways) expect(await ready(gateway)).toEqual([200, 'ready\n']);
  const changed = performance.now();
  const { status } = await fleet.admin('POST', '/v1/contexts/inventory', { reads: 'extracted', wait: 0 });
  expect(status).toBe(200);
  for (const gateway of gateways)
    await until(`${gateway.name} has it in force`, async () =>
      (await answersOf(gateway)).every((answer) => answer === 'inventory'),
    );
  expect(performance.now() - changed).toBeLessThan(5_000);
}

/** Who answers each cohort. */
function answersOf({ url }: FleetGateway): Promise<string[]> {
  return Promise.all(
    COHORTS.map(async (cohort) => {
      const response = await fetch(`${url}/inventory/sku-1`, { headers: { cookie: `sid=${cohort}` } });
      return response.text();
    }),
  );
}

async function ready({ opsUrl }: FleetGateway): Promise<[number, string]> {
  const response = await fetch(`${opsUrl}/readyz`);
  return [response.status, await response.text()];
}

/** The kind of database that the other tests of this run are on. */
async function sameKind(): Promise<string> {
  const connection = await createConnection(inject('databaseServer'));
  const [rows] = await connection.query('SELECT VERSION() AS version');
  await connection.end();
  return (rows as { version: string }[])[0]!.version.includes('MariaDB') ? 'mariadbd' : 'mysqld';
}
