import type { RowDataPacket } from 'mysql2/promise';
import { append, type NewEvent } from '../../outbox/index.ts';
import { inTransaction, type Database } from '../../runtime/database.ts';
import { lockStock, moveStock } from './move-stock.ts';
import type { User } from './sessions.ts';

export type Placed =
  | { readonly outcome: 'placed'; readonly orderId: number }
  | { readonly outcome: 'empty' }
  | { readonly outcome: 'short'; readonly sku: string; readonly available: number };

/** Makes an order of the session's cart: order, lines, stock and their events in one transaction. */
export function placeOrder(database: Database, sessionId: string, user: User): Promise<Placed> {
  return inTransaction(database, async (connection): Promise<Placed> => {
    const [cart] = await connection.query<RowDataPacket[]>(
      'SELECT sku, quantity FROM cart_lines WHERE session_id = ? ORDER BY sku FOR UPDATE',
      [sessionId],
    );
    if (cart.length === 0) return { outcome: 'empty' };
    const skus = cart.map((line) => line['sku'] as string);
    const stock = await lockStock(connection, skus);
    for (const { sku, quantity } of cart) {
      const available = stock.get(sku) ?? 0;
      if (available < quantity) return { outcome: 'short', sku, available };
    }
    const [prices] = await connection.query<RowDataPacket[]>(
      'SELECT sku, price FROM products WHERE sku IN (?) ORDER BY sku',
      [skus],
    );
    const lines = cart.map(({ sku, quantity }, index) => ({
      sku,
      quantity,
      unitPrice: prices[index]!['price'],
    }));
    const cents = lines.reduce(
      (sum, line) => sum + line.quantity * Math.round(Number(line.unitPrice) * 100),
      0,
    );
    const total = (cents / 100).toFixed(2);
    const [order] = await connection.query('INSERT INTO orders (user_id, total) VALUES (?, ?)', [
      user.id,
      total,
    ]);
    const orderId = (order as { insertId: number }).insertId;
    await connection.query('INSERT INTO order_lines (order_id, sku, quantity, unit_price) VALUES ?', [
      lines.map((line) => [orderId, line.sku, line.quantity, line.unitPrice]),
    ]);
    const events: NewEvent[] = [
      {
        type: 'OrderPlaced',
        aggregate: { type: 'order', id: orderId },
        data: { orderId, customer: user.id, total, lines },
      },
    ];
    for (const { sku, quantity } of lines) {
      events.push(await moveStock(connection, { sku, delta: -quantity, reason: 'order', orderId }));
    }
    await connection.query('DELETE FROM cart_lines WHERE session_id = ?', [sessionId]);
    await append((sql, values) => connection.query(sql, values), events);
    return { outcome: 'placed', orderId };
  });
}
