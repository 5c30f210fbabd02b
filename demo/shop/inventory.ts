import { Router } from 'express';
import type { RowDataPacket } from 'mysql2/promise';
import type { Database } from '../../runtime/database.ts';
import { visitOf } from './sessions.ts';

/** `GET /inventory/:sku`: what is there, what it costs, and who asks. The inventory service takes this over. */
export function inventory(database: Database): Router {
  const router = Router();
  router.get('/inventory/:sku', async (request, response) => {
    const [[item]] = await database.query<RowDataPacket[]>(
      'SELECT p.sku, s.quantity, p.price FROM products p JOIN stock s USING (sku) WHERE p.sku = ?',
      [request.params.sku],
    );
    response.set('cache-control', 'no-store');
    if (!item) return void response.status(404).json({ error: `no product '${request.params.sku}'` });
    response.json({
      sku: item['sku'],
      available: item['quantity'],
      price: item['price'],
      for: visitOf(response).session?.user?.name,
      served_by: 'monolith',
    });
  });
  return router;
}
