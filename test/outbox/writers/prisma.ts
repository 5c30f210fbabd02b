import type { PrismaClient } from '../../../control-plane/store/prisma-client/client.ts';
import { append } from '../../../outbox/index.ts';
import type { Order } from './order.ts';

export async function placeOrder(prisma: PrismaClient, order: Order) {
  await prisma.$transaction(async (tx) => {
    await tx.$executeRaw`INSERT INTO orders (id, sku) VALUES (${order.id}, ${order.sku})`;
    await append((sql, values) => tx.$executeRawUnsafe(sql, ...values), {
      type: 'OrderPlaced',
      aggregate: { type: 'order', id: order.id },
      data: { sku: order.sku, note: order.note },
      time: order.placedAt,
    });
    await tx.$executeRaw`UPDATE stock SET quantity = quantity - 1 WHERE sku = ${order.sku}`;
  });
}
