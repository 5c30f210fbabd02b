import type { Watch } from './serve-live.ts';

export interface Item {
  readonly sku: string;
  readonly available: number;
  readonly price: string;
}

/** `/inventory/live?sku=banyan&sku=zz`: the stock of these products, as it changes. */
export const LIVE_STOCK = '/inventory/live';

/**
 * Lets a page watch some products: `{ items: [{ sku, available, price }, …] }`. All pages look at one reading of
 * everything, so that a thousand of them ask the database no more often than one.
 */
export function watchStock(read: () => Promise<Item[]>): (target: URL) => Watch {
  let reading: Promise<Item[]> | undefined;
  const together = () => (reading ??= read().finally(() => (reading = undefined)));
  return (target) => {
    const wanted = new Set(target.searchParams.getAll('sku'));
    return async () => ({ items: (await together()).filter(({ sku }) => wanted.has(sku)) });
  };
}
