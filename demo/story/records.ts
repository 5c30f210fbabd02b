import type { RowDataPacket } from 'mysql2/promise';
import type { Database } from '../../runtime/database.ts';
import { HEARTBEAT } from '../../outbox/event.ts';
import { wait } from '../../runtime/wait.ts';
import { bySku, type Journal, type ShopRecord } from './checks.ts';

const FIRST_EVENTS = 30_000;

/** What the shop's own tables say, none of which Banyan writes. */
export interface ShopJournals extends ShopRecord {
  readonly stock: Journal;
  readonly allPrices: Journal;
  readonly state: Journal;
  readonly orders: number;
  readonly cancelled: number;
}

export async function readShop(shop: Database): Promise<ShopJournals> {
  const movements = await rows(shop, 'SELECT * FROM stock_movements ORDER BY id');
  const prices = await rows(shop, 'SELECT sku, price, changed_by FROM price_history ORDER BY id');
  const state = await rows(
    shop,
    'SELECT sku, quantity AS available, price FROM products JOIN stock USING (sku)',
  );
  const orders = await rows(shop, 'SELECT status FROM orders');
  return {
    stock: bySku(movements, ({ id, delta, quantity_after: after }) => stockEntry(id, delta, after)),
    allPrices: bySku(prices, ({ price }) => price),
    state: bySku(state, stateEntry),
    orders: orders.length,
    cancelled: orders.filter(({ status }) => status === 'cancelled').length,
    orderMovements: movements
      .filter(({ order_id: order }) => order !== null)
      .map(({ order_id: order, sku, delta }) => `${order} ${sku} ${delta > 0 ? '+' : ''}${delta}`),
    adjustments: bySku(
      movements.filter(({ order_id: order, reason }) => order === null && reason !== 'stocktaking'),
      ({ delta }) => String(delta),
    ),
    prices: bySku(
      prices.filter(({ changed_by: by }) => by !== 'import'),
      ({ price }) => price,
    ),
  };
}

/** What the inventory service applied, in its order. */
export interface ServiceJournals {
  readonly events: number;
  readonly eventIds: readonly string[];
  readonly stock: Journal;
  readonly prices: Journal;
  readonly state: Journal;
}

export async function readService(service: Database): Promise<ServiceJournals> {
  const applied = await rows(service, 'SELECT * FROM applied ORDER BY position');
  const state = await rows(service, 'SELECT sku, available, price FROM items');
  return {
    events: applied.length,
    eventIds: applied.map(({ event_id: id }) => id),
    stock: bySku(
      applied.filter(({ kind }) => kind === 'stock'),
      ({ movement, delta, value }) => stockEntry(movement, delta, value),
    ),
    prices: bySku(
      applied.filter(({ kind }) => kind === 'price'),
      ({ value }) => value,
    ),
    state: bySku(state, stateEntry),
  };
}

/** Milliseconds from append to handled, by the database's one clock, of what was applied after `position`. */
export async function readLags(service: Database, position = 0, lastSeconds = 86_400): Promise<number[]> {
  const lags = await rows(
    service,
    `SELECT TIMESTAMPDIFF(MICROSECOND, recorded_at, handled_at) / 1000 AS ms FROM applied
     WHERE position > ? AND handled_at > CURRENT_TIMESTAMP(6) - INTERVAL ? SECOND`,
    [position, lastSeconds],
  );
  return lags.map(({ ms }) => Number(ms));
}

export async function lastPosition(service: Database): Promise<number> {
  const [last] = await rows(service, 'SELECT COALESCE(MAX(position), 0) AS position FROM applied');
  return Number(last!['position']);
}

/** Waits until the service has applied `events` events: after the start, it then knows every product. */
export async function filled(service: Database, events: number, signal: AbortSignal): Promise<void> {
  const deadline = Date.now() + FIRST_EVENTS;
  for (let applied = 0; applied < events; applied = (await readService(service)).events) {
    signal.throwIfAborted();
    if (Date.now() > deadline) {
      throw new Error(
        `${applied} of the first ${events} events reached the inventory service within ${FIRST_EVENTS} ms`,
      );
    }
    await wait(50, signal);
  }
}

export interface OutboxRecord {
  readonly count: (type: string) => number;
  readonly unsettled: number;
}

/**
 * The shop's events in the outbox by type, and how many of them are not yet acknowledged by Kinesis. The relay's own
 * heartbeats are none of them: some are always under way.
 */
export async function readOutbox(shop: Database): Promise<OutboxRecord> {
  const found = await rows(
    shop,
    `SELECT type, COUNT(*) AS events, SUM(state <> 'settled') AS unsettled FROM banyan_outbox
      WHERE type <> ? GROUP BY type`,
    [HEARTBEAT],
  );
  return {
    count: (type) => Number(found.find((row) => row['type'] === type)?.['events'] ?? 0),
    unsettled: found.reduce((sum, { unsettled }) => sum + Number(unsettled), 0),
  };
}

const stockEntry = (movement: number, delta: number, after: number | string): string =>
  `#${movement} ${delta > 0 ? '+' : ''}${delta} → ${after}`;
const stateEntry = ({ available, price }: RowDataPacket): string => `${available} at ${price}`;

type Row = RowDataPacket & { readonly sku: string };

async function rows(database: Database, sql: string, values: unknown[] = []): Promise<Row[]> {
  const [found] = await database.query<Row[]>(sql, values);
  return found;
}
