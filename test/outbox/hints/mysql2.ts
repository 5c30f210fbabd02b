import type { Pool } from 'mysql2/promise';
import { append } from '../../../outbox/index.ts';

export async function restock(pool: Pool, hint: () => void, sku: string, by: number) {
  const connection = await pool.getConnection();
  try {
    await connection.beginTransaction();
    await connection.execute('UPDATE stock SET quantity = quantity + ? WHERE sku = ?', [by, sku]);
    await append((sql, values) => connection.execute(sql, values), {
      type: 'StockChanged',
      aggregate: { type: 'product', id: sku },
      data: { by },
    });
    await connection.commit();
  } catch (error) {
    await connection.rollback();
    throw error;
  } finally {
    connection.release();
  }
  hint(); // after the commit: before it there is nothing to see
}
