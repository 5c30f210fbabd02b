import type { RowDataPacket } from 'mysql2/promise';
import type { NewEvent } from '../../outbox/index.ts';
import type { Connection } from '../../runtime/database.ts';

export interface StockMove {
  readonly sku: string;
  /** Pieces that come in (positive) or go out. */
  readonly delta: number;
  readonly reason: string;
  readonly orderId?: number;
}

/** What `StockAdjusted` tells. `movement` is the number of the stocktaking report's line. */
export interface StockAdjusted {
  readonly sku: string;
  readonly delta: number;
  readonly available: number;
  readonly reason: string;
  readonly movement: number;
}

/**
 * Locks the stock rows of `skus` until the transaction ends, always in the same order so that two orders never
 * wait for each other, and returns what is there.
 */
export async function lockStock(
  connection: Connection,
  skus: readonly string[],
): Promise<Map<string, number>> {
  const [rows] = await connection.query<RowDataPacket[]>(
    'SELECT sku, quantity FROM stock WHERE sku IN (?) ORDER BY sku FOR UPDATE',
    [skus],
  );
  return new Map(rows.map((row) => [row['sku'], row['quantity']]));
}

/** Changes one stock level, whose row the transaction has locked, and returns the event that tells of it. */
export async function moveStock(connection: Connection, move: StockMove): Promise<NewEvent<StockAdjusted>> {
  const { sku, delta, reason, orderId = null } = move;
  await connection.query('UPDATE stock SET quantity = quantity + ? WHERE sku = ?', [delta, sku]);
  const [[row]] = await connection.query<RowDataPacket[]>('SELECT quantity FROM stock WHERE sku = ?', [sku]);
  const available = row!['quantity'] as number;
  const [line] = await connection.query(
    'INSERT INTO stock_movements (sku, delta, quantity_after, reason, order_id) VALUES (?, ?, ?, ?, ?)',
    [sku, delta, available, reason, orderId],
  );
  const movement = (line as { insertId: number }).insertId;
  return {
    type: 'StockAdjusted',
    aggregate: { type: 'product', id: sku },
    data: { sku, delta, available, reason, movement },
  };
}
