import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { freePort } from '../../demo/servers/child.ts';
import { freshDatabase } from '../support/database.ts';
import { until } from '../support/until.ts';
import { lastOfEach, percentile, startFleet, startShoppers, type Fleet } from './fleet.ts';

const NAMES = ['gw-1', 'gw-2', 'gw-3', 'gw-4'];

describe('with four gateways under load', () => {
  const database = freshDatabase('control');
  let fleet: Fleet;
  beforeAll(async () => {
    fleet = await startFleet({ database: await database, redis: inject('redis'), names: NAMES });
    await allRegistered(fleet);
  });
  afterAll(() => fleet.stop());

  it('has a change in force on the last of four within 100 ms of the commit (p95 over 200 changes), and no request fails', async () => {
    const shoppers = startShoppers(fleet.gateways, 24);
    const results = [];
    for (let change = 0; change < 200; change++) results.push(await fleet.canary(change % 2 === 0 ? 10 : 60));
    const { requests, failures } = await shoppers.stop();
    for (const { summary, revision, missing } of results) {
      expect({ summary, missing }).toEqual({ summary: `4 of 4 at revision ${revision}`, missing: [] });
    }
    expect(percentile(lastOfEach(results), 0.95)).toBeLessThanOrEqual(100);
    expect(failures).toEqual([]);
    expect(requests).toBeGreaterThan(200);
  }, 120_000);

  it('names a gateway that is cut off, and that gateway takes the change over once it is back', async () => {
    const [, , third] = fleet.gateways;
    const before = await fleet.canary(20);
    third!.child.kill('SIGSTOP');
    try {
      const { exitCode, output } = await fleet.banyan(
        ...['context', 'set', 'inventory', '--reads', 'canary', '--percent', '30', '--wait', '1'],
      );
      expect(output).toMatch(/^inventory: reads canary 20 % → canary 30 %\n/);
      expect(output).toMatch(new RegExp(`3 of 4 at revision ${before.revision + 1}, the last after \\d+ ms`));
      expect(output).toMatch(new RegExp(`gw-3 is at revision ${before.revision}, last seen [\\d.]+ m?s ago`));
      expect(exitCode).toBe(1);
    } finally {
      third!.child.kill('SIGCONT');
    }
    const after = await until('all four', async () => {
      const { body } = await fleet.admin<{ gateways: { revision: number }[] }>('GET', '/v1/gateways');
      return body.gateways.every(({ revision }) => revision === before.revision + 1) && body.gateways;
    });
    expect(after).toHaveLength(4);
  });

  it('takes a gateway that stops off the register, so that the next change does not wait for it', async () => {
    const fourth = fleet.gateways.at(-1)!;
    await fourth.child.stop();
    const result = await fleet.canary(40);
    expect(result.summary).toBe(`3 of 3 at revision ${result.revision}`);
  });
});

describe('with Redis away the whole time', () => {
  const database = freshDatabase('control');
  let fleet: Fleet;
  beforeAll(async () => {
    const redis = `redis://127.0.0.1:${await freePort()}`;
    fleet = await startFleet({ database: await database, redis, names: NAMES });
    await allRegistered(fleet);
  });
  afterAll(() => fleet.stop());

  it('has a change in force on the last of four within 1 s of the commit', async () => {
    const shoppers = startShoppers(fleet.gateways, 24);
    const results = [];
    for (let change = 0; change < 20; change++) results.push(await fleet.canary(change % 2 === 0 ? 10 : 60));
    const { failures } = await shoppers.stop();
    expect(results.map(({ summary }) => summary)).toEqual(
      results.map(({ revision }) => `4 of 4 at revision ${revision}`),
    );
    expect(lastOfEach(results).at(-1)).toBeLessThanOrEqual(1_000);
    expect(failures).toEqual([]);
  });
});

async function allRegistered(fleet: Fleet): Promise<void> {
  await until('four registered gateways', async () => {
    const { body } = await fleet.admin<{ gateways: unknown[] }>('GET', '/v1/gateways');
    return body.gateways.length === NAMES.length;
  });
}
