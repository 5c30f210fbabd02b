import type { IncomingMessage } from 'node:http';
import type { RowDataPacket } from 'mysql2/promise';
import type { Database } from '../../runtime/database.ts';
import type { LiveOptions, Watch } from '../live/serve-live.ts';
import { LIVE_STOCK, watchStock, type Item } from '../live/watch-stock.ts';
import { sessionIdOf } from './sessions.ts';

/** What pages of the shop may watch: everybody the stock, and a customer `/orders/5/live`, if that order is his. */
export function live(database: Database): LiveOptions['admit'] {
  const stock = watchStock(async () => {
    const [items] = await database.query<(Item & RowDataPacket)[]>(
      'SELECT p.sku, s.quantity AS available, p.price FROM products p JOIN stock s USING (sku)',
    );
    return items;
  });
  return async (request) => {
    const target = new URL(request.url!, 'http://shop');
    if (target.pathname === LIVE_STOCK) return stock(target);
    const order = /^\/orders\/(\d+)\/live$/.exec(target.pathname)?.[1];
    return order === undefined ? 404 : admitToOrder(database, request, order);
  };
}

async function admitToOrder(
  database: Database,
  request: IncomingMessage,
  order: string,
): Promise<Watch | number> {
  const session = sessionIdOf(request);
  if (!session) return 401;
  // Asked every time: who has logged out sees no more.
  const watch = async () => {
    const [[found]] = await database.query<RowDataPacket[]>(
      `SELECT o.status FROM orders o JOIN sessions s USING (user_id)
       WHERE o.id = ? AND s.id = ? AND s.expires_at > UTC_TIMESTAMP()`,
      [order, session],
    );
    return found && { status: found['status'] as string };
  };
  return (await watch()) ? watch : 404;
}
