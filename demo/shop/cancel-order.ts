import type { RowDataPacket } from 'mysql2/promise';
import { append, type NewEvent } from '../../outbox/index.ts';
import { inTransaction, type Database } from '../../runtime/database.ts';
import { lockStock, moveStock } from './move-stock.ts';

/** Cancels a customer's order and puts its pieces back. False when there is no such order that still stands. */
export function cancelOrder(database: Database, orderId: number, userId: number): Promise<boolean> {
  return inTransaction(database, async (connection) => {
    const [[order]] = await connection.query<RowDataPacket[]>(
      "SELECT id FROM orders WHERE id = ? AND user_id = ? AND status = 'placed' FOR UPDATE",
      [orderId, userId],
    );
    if (!order) return false;
    await connection.query("UPDATE orders SET status = 'cancelled' WHERE id = ?", [orderId]);
    const [lines] = await connection.query<RowDataPacket[]>(
      'SELECT sku, quantity FROM order_lines WHERE order_id = ? ORDER BY sku',
      [orderId],
    );
    await lockStock(
      connection,
      lines.map((line) => line['sku']),
    );
    const events: NewEvent[] = [
      {
        type: 'OrderCancelled',
        aggregate: { type: 'order', id: orderId },
        data: { orderId, customer: userId },
      },
    ];
    for (const { sku, quantity } of lines) {
      events.push(await moveStock(connection, { sku, delta: quantity, reason: 'cancelled', orderId }));
    }
    await append((sql, values) => connection.query(sql, values), events);
    return true;
  });
}
