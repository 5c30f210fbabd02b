import { inTransaction, type Database } from '../../runtime/database.ts';

/**
 * Changes a price the way the shop has always done: plain SQL that knows nothing of events. The triggers of
 * `banyan capture` see it. False when there is no such product, or it costs that already.
 */
export function changePrice(
  database: Database,
  sku: string,
  price: string,
  changedBy: string,
): Promise<boolean> {
  return inTransaction(database, async (connection) => {
    const [result] = await connection.query('UPDATE products SET price = ? WHERE sku = ? AND price <> ?', [
      price,
      sku,
      price,
    ]);
    if ((result as { affectedRows: number }).affectedRows === 0) return false;
    await connection.query('INSERT INTO price_history (sku, price, changed_by) VALUES (?, ?, ?)', [
      sku,
      price,
      changedBy,
    ]);
    return true;
  });
}
