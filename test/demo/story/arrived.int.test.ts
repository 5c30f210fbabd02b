import { createConnection } from 'mysql2/promise';
import { expect, inject, onTestFinished, test } from 'vitest';
import { createSchema as createInventorySchema } from '../../../demo/inventory/create-schema.ts';
import { createSchema, seed, PRODUCTS } from '../../../demo/shop/seed.ts';
import { arrived } from '../../../demo/story/arrived.ts';
import { appendHeartbeats } from '../../../outbox/heartbeat.ts';
import { openDatabase, type Database } from '../../../runtime/database.ts';
import { createDatabase, freshDatabase } from '../../support/database.ts';

async function open(url: string): Promise<Database> {
  const database = openDatabase(url);
  onTestFinished(() => database.end());
  return database;
}

/** A shop whose events are all pending, and a service that has applied its stock changes. */
async function scene(): Promise<{ shop: Database; inventory: Database }> {
  const server = inject('databaseServer');
  const shop = await open(await freshDatabase('outbox'));
  await createSchema(shop);
  await seed(shop);
  const url = await createDatabase(server);
  const inventory = await open(url);
  onTestFinished(async () => {
    const last = await createConnection(server);
    await last.query(`DROP DATABASE ${url.slice(server.length + 1)}`);
    await last.end();
  });
  await createInventorySchema(inventory);
  await inventory.query('INSERT INTO applied (event_id, kind, sku, value, recorded_at) VALUES ?', [
    PRODUCTS.map(([sku]) => [sku, 'stock', sku, '400', '2026-01-01 00:00:00']),
  ]);
  return { shop, inventory };
}

test('events that the service has applied and the relay has not settled yet are waited for, heartbeats never', async () => {
  const { shop, inventory } = await scene();
  await appendHeartbeats(shop, [{ eventId: 'beat', aggregateId: 'heartbeat-0', bucket: 0 }]);
  let looks = 0;
  const { service, outbox } = await arrived({ shop, inventory }, PRODUCTS.length, async () => {
    looks += 1;
    if (looks === 3)
      await shop.query("UPDATE banyan_outbox SET state = 'settled' WHERE type <> 'banyan.heartbeat'");
  });
  expect([service.events, outbox.unsettled, looks]).toEqual([PRODUCTS.length, 0, 3]);
});

test('the wait ends when nothing moves any more, with what is missing', async () => {
  const { shop, inventory } = await scene();
  const { outbox } = await arrived({ shop, inventory }, PRODUCTS.length, async () => {}, 100);
  expect(outbox.unsettled).toBe(PRODUCTS.length);
});
