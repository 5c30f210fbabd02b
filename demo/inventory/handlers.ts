import type { CloudEvent } from '../../outbox/event.ts';
import type { Connection } from '../../runtime/database.ts';

interface StockAdjusted {
  readonly sku: string;
  readonly delta: number;
  readonly available: number;
  readonly movement: number;
}

interface PriceChanged {
  readonly sku: string;
  readonly price: string;
}

/** What the service does with each event. The transaction is the inbox's: effect and "seen" commit together. */
export const handlers = {
  async StockAdjusted(event: CloudEvent, tx: Connection): Promise<void> {
    const { sku, delta, available, movement } = event.data as StockAdjusted;
    await tx.query(
      `INSERT INTO items (sku, available) VALUES (?, ?)
       ON DUPLICATE KEY UPDATE available = VALUES(available)`,
      [sku, available],
    );
    await applied(tx, event, { kind: 'stock', sku, value: String(available), delta, movement });
  },

  async PriceChanged(event: CloudEvent, tx: Connection): Promise<void> {
    const { sku, price } = event.data as PriceChanged;
    await tx.query(
      'INSERT INTO items (sku, price) VALUES (?, ?) ON DUPLICATE KEY UPDATE price = VALUES(price)',
      [sku, price],
    );
    await applied(tx, event, { kind: 'price', sku, value: price });
  },
};

interface Applied {
  readonly kind: 'stock' | 'price';
  readonly sku: string;
  readonly value: string;
  readonly delta?: number;
  readonly movement?: number;
}

async function applied(tx: Connection, event: CloudEvent, effect: Applied): Promise<void> {
  const { kind, sku, value, delta = null, movement = null } = effect;
  await tx.query(
    `INSERT INTO applied (event_id, kind, sku, value, delta, movement, recorded_at)
     VALUES (?, ?, ?, ?, ?, ?, ?)`,
    [event.id, kind, sku, value, delta, movement, event.recordedtime.replace('T', ' ').replace('Z', '')],
  );
}
