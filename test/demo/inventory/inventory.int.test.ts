import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createLocalJWKSet, exportJWK, SignJWT } from 'jose';
import type { RowDataPacket } from 'mysql2/promise';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createInventory } from '../../../demo/inventory/app.ts';
import { createSchema } from '../../../demo/inventory/create-schema.ts';
import { handlers } from '../../../demo/inventory/handlers.ts';
import type { CloudEvent } from '../../../outbox/event.ts';
import { inTransaction, openDatabase, type Database } from '../../../runtime/database.ts';
import { freshDatabase } from '../../support/database.ts';

let database: Database;
let url: string;
const server = createServer();
const keys = generateKeyPairSync('ec', { namedCurve: 'P-256' });

beforeAll(async () => {
  database = openDatabase(await freshDatabase());
  await createSchema(database);
  const { publicKey } = keys;
  const jwk = { ...(await exportJWK(publicKey)), kid: 'gateway', alg: 'ES256' };
  server.on('request', createInventory(database, createLocalJWKSet({ keys: [jwk] })));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(async () => {
  server.close();
  await database.end();
});

it('knows a product once it has heard of both its stock and its price', async () => {
  await handle('StockAdjusted', { sku: 'zz', delta: 400, available: 400, movement: 1 });
  expect((await read('zz')).status).toBe(404);
  await handle('PriceChanged', { sku: 'zz', price: '21.00' });
  expect(await read('zz')).toEqual({
    status: 200,
    side: 'inventory-service',
    body: { sku: 'zz', available: 400, price: '21.00', served_by: 'inventory-service' },
  });
});

it('takes over the last values, and keeps a journal of all', async () => {
  await handle('PriceChanged', { sku: 'zz', price: '22.50' });
  await handle('StockAdjusted', { sku: 'zz', delta: -2, available: 398, movement: 9 });
  expect((await read('zz')).body).toMatchObject({ available: 398, price: '22.50' });
  const [journal] = await database.query<RowDataPacket[]>(
    'SELECT kind, sku, value, delta, movement, recorded_at FROM applied ORDER BY position DESC LIMIT 2',
  );
  expect(journal).toEqual([
    {
      kind: 'stock',
      sku: 'zz',
      value: '398',
      delta: -2,
      movement: 9,
      recorded_at: '2026-03-01 10:00:00.123456',
    },
    {
      kind: 'price',
      sku: 'zz',
      value: '22.50',
      delta: null,
      movement: null,
      recorded_at: '2026-03-01 10:00:00.123456',
    },
  ]);
});

it('shows an event that was applied twice, instead of hiding it', async () => {
  await handle('PriceChanged', { sku: 'zz', price: '23.00' }, 'same');
  await handle('PriceChanged', { sku: 'zz', price: '23.00' }, 'same');
  const [[twice]] = await database.query<RowDataPacket[]>(
    "SELECT COUNT(*) AS n FROM applied WHERE event_id = 'same'",
  );
  expect(twice!['n']).toBe(2);
});

it('answers for whom the gateway’s token names, and refuses every other token', async () => {
  const token = (audience: string, key: KeyObject, lifetime = '30s') =>
    new SignJWT({ name: 'Ada', role: 'customer' })
      .setProtectedHeader({ alg: 'ES256', kid: 'gateway' })
      .setIssuer('banyan')
      .setAudience(audience)
      .setSubject('7')
      .setExpirationTime(lifetime)
      .sign(key);
  const other = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey;
  expect((await read('zz', await token('inventory', keys.privateKey))).body).toMatchObject({ for: 'Ada' });
  expect((await read('zz')).body).not.toHaveProperty('for');
  for (const wrong of [
    await token('orders', keys.privateKey),
    await token('inventory', other),
    await token('inventory', keys.privateKey, '-1 minute'),
    'no token',
  ])
    expect((await read('zz', wrong)).status).toBe(401);
});

let events = 0;

function handle(
  type: keyof typeof handlers,
  data: { sku: string } & Record<string, unknown>,
  id = `e${events++}`,
): Promise<void> {
  const event: CloudEvent = {
    specversion: '1.0',
    id,
    source: '/monolith',
    type,
    subject: data.sku,
    time: '2026-03-01T10:00:00.123456Z',
    datacontenttype: 'application/json',
    partitionkey: `product:${data.sku}`,
    recordedtime: '2026-03-01T10:00:00.123456Z',
    data,
  };
  return inTransaction(database, (tx) => handlers[type](event, tx));
}

async function read(
  sku: string,
  token?: string,
): Promise<{ status: number; side: string | null; body: unknown }> {
  const answer = await fetch(`${url}/inventory/${sku}`, {
    headers: token === undefined ? {} : { 'x-banyan-identity': token },
  });
  return { status: answer.status, side: answer.headers.get('x-served-by'), body: await answer.json() };
}
