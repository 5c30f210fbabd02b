/**
 * What the shoppers and the staff did, as they remember it themselves: the record that shop and service are
 * both held against. An entry is made only after the shop said yes.
 */
export interface Diary {
  readonly placed: { readonly orderId: number; readonly sku: string; readonly quantity: number }[];
  readonly cancelled: number[];
  readonly prices: { readonly sku: string; readonly price: string }[];
  readonly adjusted: { readonly sku: string; readonly delta: number }[];
}

export const openDiary = (): Diary => ({ placed: [], cancelled: [], prices: [], adjusted: [] });
