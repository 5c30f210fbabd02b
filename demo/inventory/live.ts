import type { RowDataPacket } from 'mysql2/promise';
import type { Database } from '../../runtime/database.ts';
import type { LiveOptions } from '../live/serve-live.ts';
import { LIVE_STOCK, watchStock, type Item } from '../live/watch-stock.ts';

/** What pages may watch here: the stock, as the service's own tables have it. */
export function live(database: Database): LiveOptions['admit'] {
  const stock = watchStock(async () => {
    const [items] = await database.query<(Item & RowDataPacket)[]>(
      'SELECT sku, available, price FROM items WHERE available IS NOT NULL AND price IS NOT NULL',
    );
    return items;
  });
  return async (request) => {
    const target = new URL(request.url!, 'http://inventory');
    return target.pathname === LIVE_STOCK ? stock(target) : 404;
  };
}
