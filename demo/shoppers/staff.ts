import { wait } from '../../runtime/wait.ts';
import { PRODUCTS, STAFF } from '../shop/seed.ts';
import type { Browser } from './browser.ts';
import type { Diary } from './diary.ts';
import { anyOf, anySku, logIn } from './visit.ts';

/** The member of staff: changes a price, books a delivery or a breakage, every `pause` milliseconds until `signal`. */
export async function work(
  browser: Browser,
  diary: Diary,
  pause: number,
  signal: AbortSignal,
): Promise<void> {
  if (!(await logIn(browser, STAFF))) return;
  const listed = new Map<string, string>(PRODUCTS.map(([sku, , , , price]) => [sku, price]));
  while (!signal.aborted) {
    await browser.get('/admin/prices');
    await changePrice();
    await browser.get('/admin/stock');
    await adjustStock();
    await wait(pause, signal);
  }

  async function changePrice(): Promise<void> {
    const sku = anySku();
    const price = (5 + Math.floor(Math.random() * 4_500) / 100).toFixed(2);
    if (price === listed.get(sku)) return;
    const { status } = await browser.post(`/admin/prices/${sku}`, { price });
    if (status !== 303) return;
    listed.set(sku, price);
    diary.prices.push({ sku, price });
  }

  async function adjustStock(): Promise<void> {
    const sku = anySku();
    const { body } = await browser.get(`/inventory/${sku}`);
    const { available = 0 } = (body ? JSON.parse(body) : {}) as { available?: number };
    const delta = available < 400 ? anyOf([24, 36, 48]) : -anyOf([1, 2, 3]);
    const reason = delta > 0 ? 'delivery' : 'breakage';
    const { status } = await browser.post(`/admin/stock/${sku}`, { delta, reason });
    if (status === 303) diary.adjusted.push({ sku, delta });
  }
}
