import express, { type Express } from 'express';
import type { JWTVerifyGetKey } from 'jose';
import type { RowDataPacket } from 'mysql2/promise';
import type { Database } from '../../runtime/database.ts';
import { callerOf, identified } from './identity.ts';

/** The extracted service: `GET /inventory/:sku` from its own tables, for whom the gateway says, by these keys. */
export function createInventory(database: Database, keys: JWTVerifyGetKey): Express {
  const service = express();
  service.disable('x-powered-by');
  service.use((_request, response, next) => {
    response.set('x-served-by', 'inventory-service');
    next();
  });
  service.use(identified(keys));
  service.get('/inventory/:sku', async (request, response) => {
    const [[item]] = await database.query<RowDataPacket[]>(
      'SELECT sku, available, price FROM items WHERE sku = ? AND available IS NOT NULL AND price IS NOT NULL',
      [request.params.sku],
    );
    response.set('cache-control', 'no-store');
    if (!item) return void response.status(404).json({ error: `no product '${request.params.sku}'` });
    const { sku, available, price } = item;
    response.json({ sku, available, price, for: callerOf(response)?.name, served_by: 'inventory-service' });
  });
  return service;
}
