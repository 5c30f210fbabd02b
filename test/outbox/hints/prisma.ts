import type { PrismaClient } from '../../../control-plane/store/prisma-client/client.ts';
import { append } from '../../../outbox/index.ts';

export async function restock(prisma: PrismaClient, hint: () => void, sku: string, by: number) {
  await prisma.$transaction(async (tx) => {
    await tx.$executeRaw`UPDATE stock SET quantity = quantity + ${by} WHERE sku = ${sku}`;
    await append((sql, values) => tx.$executeRawUnsafe(sql, ...values), {
      type: 'StockChanged',
      aggregate: { type: 'product', id: sku },
      data: { by },
    });
  });
  hint(); // after $transaction, which has committed; not in it
}
