import type { Pool } from 'mysql2/promise';
import { append } from '../../../outbox/index.ts';
import type { Order } from './order.ts';

export async function placeOrder(pool: Pool, order: Order) {
  const connection = await pool.getConnection();
  try {
    await connection.beginTransaction();
    await connection.execute('INSERT INTO orders (id, sku) VALUES (?, ?)', [order.id, order.sku]);
    await append((sql, values) => connection.execute(sql, values), {
      type: 'OrderPlaced',
      aggregate: { type: 'order', id: order.id },
      data: { sku: order.sku, note: order.note },
      time: order.placedAt,
    });
    await connection.execute('UPDATE stock SET quantity = quantity - 1 WHERE sku = ?', [order.sku]);
    await connection.commit();
  } catch (error) {
    await connection.rollback();
    throw error;
  } finally {
    connection.release();
  }
}
