import express, { type Express } from 'express';
import type { RowDataPacket } from 'mysql2/promise';
import type { Database } from '../../runtime/database.ts';

/** The extracted service: `GET /inventory/:sku` from its own tables. */
export function createInventory(database: Database): Express {
  const service = express();
  service.disable('x-powered-by');
  service.use((_request, response, next) => {
    response.set('x-served-by', 'inventory-service');
    next();
  });
  service.get('/inventory/:sku', async (request, response) => {
    const [[item]] = await database.query<RowDataPacket[]>(
      'SELECT sku, available, price FROM items WHERE sku = ? AND available IS NOT NULL AND price IS NOT NULL',
      [request.params.sku],
    );
    response.set('cache-control', 'no-store');
    if (!item) return void response.status(404).json({ error: `no product '${request.params.sku}'` });
    const { sku, available, price } = item;
    response.json({ sku, available, price, served_by: 'inventory-service' });
  });
  return service;
}
