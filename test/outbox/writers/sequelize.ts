import type { Sequelize } from 'sequelize';
import { append } from '../../../outbox/index.ts';
import type { Order } from './order.ts';

export async function placeOrder(sequelize: Sequelize, order: Order) {
  await sequelize.transaction(async (transaction) => {
    const query = (sql: string, replacements: (string | number | null)[]) =>
      sequelize.query(sql, { replacements, transaction });
    await query('INSERT INTO orders (id, sku) VALUES (?, ?)', [order.id, order.sku]);
    await append(query, {
      type: 'OrderPlaced',
      aggregate: { type: 'order', id: order.id },
      data: { sku: order.sku, note: order.note },
      time: order.placedAt,
    });
    await query('UPDATE stock SET quantity = quantity - 1 WHERE sku = ?', [order.sku]);
  });
}
