import type { Translate } from '../../legacy-adapter/index.ts';

/**
 * What a change of a `products` row means outside the monolith: a new product, or a new price of one, is
 * `PriceChanged`. Whatever else changes in the row is nobody's business.
 */
export const translate: Translate = ({ before, after }) => {
  if (!after || (before && price(before) === price(after))) return undefined;
  return { type: 'PriceChanged', data: { sku: after['sku'], price: price(after) } };
};

const price = (row: Readonly<Record<string, unknown>>): string => Number(row['price']).toFixed(2);
