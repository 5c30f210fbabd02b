import { CUSTOMERS, nameOf, PASSWORD, PRODUCTS } from '../shop/seed.ts';
import type { Browser, Check } from './browser.ts';
import type { Diary } from './diary.ts';

export interface Shopper {
  readonly browser: Browser;
  /** As which customer he has logged in. */
  email: string | undefined;
  /** In the middle of a visit: nobody is in the shop twice. */
  busy: boolean;
}

export interface VisitHabits {
  /** Share of visits that end in an order. */
  readonly ordering: number;
  /** Share of orders that are cancelled at once. */
  readonly cancelling: number;
}

/** One visit: look around, look at two plants' stock, now and then order something, now and then regret it. */
export async function visit(shopper: Shopper, diary: Diary, habits: VisitHabits): Promise<void> {
  const { browser } = shopper;
  if (!browser.cohort || Math.random() < 0.15) await browser.get('/');
  const sku = anySku();
  if (Math.random() < 0.15) await browser.get(`/products/${sku}`);
  for (const one of [sku, anySku()]) await browser.get(`/inventory/${one}`, isFor(shopper));
  if (Math.random() < habits.ordering) await order(shopper, diary, sku, habits.cancelling);
}

/** Both sides say for whom they answer: nobody may ever be taken for another, or for nobody. */
function isFor({ email }: Shopper): Check {
  const name = email === undefined ? undefined : nameOf(email);
  return ({ body }) => {
    const { for: whom } = JSON.parse(body) as { for?: string };
    return whom === name ? undefined : `answered for ${whom ?? 'nobody'}, not for ${name ?? 'nobody'}`;
  };
}

async function order(shopper: Shopper, diary: Diary, sku: string, cancelling: number): Promise<void> {
  const { browser } = shopper;
  if (shopper.email === undefined) {
    const email = anyOf(CUSTOMERS);
    if (!(await logIn(browser, email))) return;
    shopper.email = email;
  }
  const quantity = 1 + Math.floor(Math.random() * 3);
  await browser.get(`/products/${sku}`);
  await browser.post('/cart', { sku, quantity });
  await browser.get('/cart');
  // 409: sold out, the shop's honest answer.
  const { status, location = '' } = await browser.post('/orders', {}, 409);
  if (status !== 303) return;
  const orderId = Number(/\d+$/.exec(location)?.[0]);
  diary.placed.push({ orderId, sku, quantity });
  await browser.get(location);
  if (Math.random() >= cancelling) return;
  const cancelled = await browser.post(`${location}/cancel`, {});
  if (cancelled.status === 303) diary.cancelled.push(orderId);
}

/** Logs in; false when the shop said no (the tally has it then). */
export async function logIn(browser: Browser, email: string): Promise<boolean> {
  await browser.get('/login');
  if ((await browser.post('/login', { email, password: PASSWORD })).status !== 303) return false;
  return (await browser.get('/')).status === 200;
}

export const anyOf = <T>(items: readonly T[]): T => items[Math.floor(Math.random() * items.length)]!;
export const anySku = (): string => anyOf(PRODUCTS)[0];
