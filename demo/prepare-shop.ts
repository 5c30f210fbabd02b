import type { Database } from '../runtime/database.ts';
import { createSchema as createInventorySchema } from './inventory/create-schema.ts';
import type { Banyan } from './run-banyan.ts';
import { createSchema as createShopSchema, seed } from './shop/seed.ts';

export interface ToPrepare {
  /** Empty databases. */
  readonly shop: Database;
  readonly inventory: Database;
  readonly inventoryUrl: string;
}

/** The shop as it was, then outbox and capture beside it, then its first data: all that goes out as events. */
export async function prepareShop(
  banyan: Banyan,
  { shop, inventory, inventoryUrl }: ToPrepare,
): Promise<void> {
  await Promise.all([createShopSchema(shop), createInventorySchema(inventory)]);
  await banyan.run(['install', 'outbox']);
  await banyan.run(['install', 'inbox', '--database', inventoryUrl]);
  await banyan.run(['install', 'control']);
  await banyan.run(['capture', 'apply', 'catalogue']);
  await seed(shop);
}
