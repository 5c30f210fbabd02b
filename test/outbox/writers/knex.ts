import type { Knex } from 'knex';
import { append } from '../../../outbox/index.ts';
import type { Order } from './order.ts';

export async function placeOrder(knex: Knex, order: Order) {
  await knex.transaction(async (trx) => {
    await trx('orders').insert({ id: order.id, sku: order.sku });
    await append((sql, values) => trx.raw(sql, values), {
      type: 'OrderPlaced',
      aggregate: { type: 'order', id: order.id },
      data: { sku: order.sku, note: order.note },
      time: order.placedAt,
    });
    await trx('stock').where({ sku: order.sku }).decrement('quantity', 1);
  });
}
