import { Agent, createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { RowDataPacket } from 'mysql2/promise';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { openBrowser, type Browser } from '../../../demo/shoppers/browser.ts';
import { openDiary } from '../../../demo/shoppers/diary.ts';
import { createTally } from '../../../demo/shoppers/tally.ts';
import { logIn, visit } from '../../../demo/shoppers/visit.ts';
import { createShop } from '../../../demo/shop/app.ts';
import { createSchema, CUSTOMERS, PASSWORD, PRODUCTS, seed, STAFF } from '../../../demo/shop/seed.ts';
import { openDatabase, type Database } from '../../../runtime/database.ts';
import { freshDatabase } from '../../support/database.ts';

let shop: Database;
let url: string;
const agent = new Agent({ keepAlive: true });
const server = createServer();
const tally = createTally();
const newBrowser = () => openBrowser({ agent, url, tally });

beforeAll(async () => {
  shop = openDatabase(await freshDatabase('outbox'));
  await createSchema(shop);
  await seed(shop);
  server.on('request', createShop(shop));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(async () => {
  agent.destroy();
  server.close();
  await shop.end();
});

it('tells of its first stock in events, one for each product', async () => {
  const events = await outbox("aggregate_type = 'product'");
  expect(events.map(({ type, key, data }) => [type, key, data['available']])).toEqual(
    PRODUCTS.map(([sku]) => ['StockAdjusted', `product:${sku}`, 400]),
  );
});

it('takes an order and its stock, and tells of both, in one transaction', async () => {
  const browser = await customer(0);
  const before = await stockOf('banyan');
  await browser.get('/products/banyan');
  await browser.post('/cart', { sku: 'banyan', quantity: 3 });
  const { status, location } = await browser.post('/orders', {});
  expect(status).toBe(303);
  expect((await browser.get(location!)).body).toContain('Banyan');
  const orderId = location!.split('/').at(-1);
  expect(await stockOf('banyan')).toBe(before - 3);
  const [placed, adjusted] = await outbox(
    `id > 12 AND JSON_EXTRACT(data, '$.orderId') = ${orderId} OR id = LAST_ID`,
  );
  expect([placed!.type, placed!.key]).toEqual(['OrderPlaced', `order:${orderId}`]);
  expect(adjusted!.data).toMatchObject({ sku: 'banyan', delta: -3, available: before - 3, reason: 'order' });
});

it('cancels an order once, and puts the pieces back', async () => {
  const browser = await customer(1);
  const before = await stockOf('zz');
  await browser.get('/products/zz');
  await browser.post('/cart', { sku: 'zz', quantity: 2 });
  const { location } = await browser.post('/orders', {});
  expect((await browser.post(`${location}/cancel`, {})).status).toBe(303);
  expect((await browser.post(`${location}/cancel`, {}, 409)).status).toBe(409);
  expect(await stockOf('zz')).toBe(before);
  expect((await outbox("type = 'OrderCancelled'")).map(({ key }) => key)).toEqual([
    `order:${location!.split('/').at(-1)}`,
  ]);
});

it("writes nothing, and tells of nothing, when there isn't enough", async () => {
  const [{ events: before }] = await counted();
  await shop.query("UPDATE stock SET quantity = 1 WHERE sku = 'weeping'");
  const browser = await customer(2);
  await browser.get('/products/weeping');
  await browser.post('/cart', { sku: 'weeping', quantity: 2 });
  const { status, body } = await browser.post('/orders', {}, 409);
  expect([status, body.includes('Only 1 left of weeping.')]).toEqual([409, true]);
  expect(await stockOf('weeping')).toBe(1);
  expect((await counted())[0].events).toBe(before);
});

it('sells what is there when many want it at once, never more', async () => {
  await shop.query("UPDATE stock SET quantity = 5 WHERE sku = 'snake'");
  const answers = await Promise.all(
    Array.from({ length: 8 }, async (_, index) => {
      const browser = await customer(index);
      await browser.get('/products/snake');
      await browser.post('/cart', { sku: 'snake', quantity: 1 });
      return (await browser.post('/orders', {}, 409)).status;
    }),
  );
  expect(answers.filter((status) => status === 303)).toHaveLength(5);
  expect(await stockOf('snake')).toBe(0);
});

it('changes a price with plain SQL that appends nothing itself, and writes it down for bookkeeping', async () => {
  const [{ events: before }] = await counted();
  const browser = newBrowser();
  await logIn(browser, STAFF);
  await browser.get('/admin/prices');
  await browser.post('/admin/prices/pothos', { price: '11.25' });
  await browser.post('/admin/prices/pothos', { price: '11.25' });
  expect(JSON.parse((await browser.get('/inventory/pothos')).body)).toEqual({
    sku: 'pothos',
    available: 400,
    price: '11.25',
    for: 'Staff',
    served_by: 'monolith',
  });
  const [history] = await shop.query<RowDataPacket[]>(
    "SELECT price FROM price_history WHERE sku = 'pothos' ORDER BY id",
  );
  expect(history.map(({ price }) => price)).toEqual(['9.50', '11.25']);
  expect((await counted())[0].events).toBe(before);
});

it('tells Banyan’s gateway whose session it is, and nobody else', async () => {
  const asked = { 'x-banyan-subrequest': 'identity' };
  const identity = (headers: Record<string, string>) => fetch(`${url}/banyan/identity`, { headers });
  const browser = await customer(4);
  const cookie = browser.cookies;
  expect(await (await identity({ ...asked, cookie })).json()).toEqual({
    sub: expect.any(Number),
    name: 'Customer 5',
    role: 'customer',
  });
  const stranger = await identity({ ...asked, cookie: 'shop_session=stranger' });
  expect([stranger.status, stranger.headers.get('set-cookie')]).toEqual([204, null]);
  expect((await identity({ cookie })).status).toBe(404);
});

it('books a delivery on the stock page, and refuses to fall below zero', async () => {
  const browser = newBrowser();
  await logIn(browser, STAFF);
  await browser.get('/admin/stock');
  await browser.post('/admin/stock/boston', { delta: 12, reason: 'delivery' });
  expect((await browser.post('/admin/stock/boston', { delta: -1_000, reason: 'breakage' }, 409)).status).toBe(
    409,
  );
  expect((await browser.get('/admin/stock')).body).toContain('>412<');
});

it('refuses a form without its token, the pages of staff to customers, and a wrong password', async () => {
  const browser = await customer(3);
  expect((await browser.post('/cart', { sku: 'zz', quantity: 1, csrf: 'forged' }, 403)).status).toBe(403);
  expect((await newBrowser().post('/login', { email: CUSTOMERS[0]!, password: PASSWORD }, 403)).status).toBe(
    403,
  );
  expect((await browser.get('/admin/prices')).status).toBe(403);
  const stranger = newBrowser();
  await stranger.get('/login');
  expect((await stranger.post('/login', { email: CUSTOMERS[0]!, password: 'wrong' })).status).toBe(401);
});

it('names a browser on its first visit, and never renames it', async () => {
  const browser = newBrowser();
  await browser.get('/');
  const named = browser.cohort;
  expect(named).toMatch(/^[0-9a-f]{32}$/);
  await logIn(browser, CUSTOMERS[4]!);
  expect(browser.cohort).toBe(named);
});

it('answers a hundred eager shoppers without one failure', async () => {
  const failuresBefore = tally.failures.length;
  const diary = openDiary();
  await Promise.all(
    Array.from({ length: 100 }, () =>
      visit({ browser: newBrowser(), email: undefined, busy: false }, diary, {
        ordering: 1,
        cancelling: 0.5,
      }),
    ),
  );
  expect(tally.failures.slice(failuresBefore)).toEqual([]);
  const [[orders]] = await shop.query<RowDataPacket[]>('SELECT COUNT(*) AS n FROM orders WHERE id IN (?)', [
    diary.placed.map(({ orderId }) => orderId),
  ]);
  expect(orders!['n']).toBe(diary.placed.length);
});

async function customer(index: number): Promise<Browser> {
  const browser = newBrowser();
  await logIn(browser, CUSTOMERS[index]!);
  return browser;
}

async function stockOf(sku: string): Promise<number> {
  const [[row]] = await shop.query<RowDataPacket[]>('SELECT quantity FROM stock WHERE sku = ?', [sku]);
  return row!['quantity'];
}

async function counted(): Promise<[{ events: number }]> {
  const [rows] = await shop.query<RowDataPacket[]>('SELECT COUNT(*) AS events FROM banyan_outbox');
  return rows as unknown as [{ events: number }];
}

async function outbox(
  where: string,
): Promise<{ type: string; key: string; data: Record<string, unknown> }[]> {
  const condition = where.replace('LAST_ID', '(SELECT MAX(id) FROM banyan_outbox)');
  const [rows] = await shop.query<RowDataPacket[]>(
    `SELECT type, partition_key AS \`key\`, data FROM banyan_outbox WHERE ${condition} ORDER BY id`,
  );
  return rows.map(({ type, key, data }) => ({ type, key, data: JSON.parse(data) }));
}
