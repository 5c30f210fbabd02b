import type { DataSource } from 'typeorm';
import { append } from '../../../outbox/index.ts';
import type { Order } from './order.ts';

export async function placeOrder(dataSource: DataSource, order: Order) {
  await dataSource.transaction(async (manager) => {
    await manager.query('INSERT INTO orders (id, sku) VALUES (?, ?)', [order.id, order.sku]);
    await append((sql, values) => manager.query(sql, values), {
      type: 'OrderPlaced',
      aggregate: { type: 'order', id: order.id },
      data: { sku: order.sku, note: order.note },
      time: order.placedAt,
    });
    await manager.query('UPDATE stock SET quantity = quantity - 1 WHERE sku = ?', [order.sku]);
  });
}
