import { append } from '../../outbox/index.ts';
import { inTransaction, type Database } from '../../runtime/database.ts';
import { lockStock, moveStock, type StockMove } from './move-stock.ts';

/** A delivery, a breakage, a count: changes one stock level by hand. False when it would fall below zero. */
export function adjustStock(database: Database, move: StockMove): Promise<boolean> {
  return inTransaction(database, async (connection) => {
    const available = (await lockStock(connection, [move.sku])).get(move.sku);
    if (available === undefined || available + move.delta < 0) return false;
    await append((sql, values) => connection.query(sql, values), await moveStock(connection, move));
    return true;
  });
}
