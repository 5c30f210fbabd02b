import { createServer, Agent } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, expect, it, onTestFinished } from 'vitest';
import { WebSocket } from 'ws';
import { serveLive } from '../../../demo/live/serve-live.ts';
import { openBrowser } from '../../../demo/shoppers/browser.ts';
import { createTally } from '../../../demo/shoppers/tally.ts';
import { logIn } from '../../../demo/shoppers/visit.ts';
import { createShop } from '../../../demo/shop/app.ts';
import { live } from '../../../demo/shop/live.ts';
import { createSchema, CUSTOMERS, seed } from '../../../demo/shop/seed.ts';
import { openDatabase, type Database } from '../../../runtime/database.ts';
import { freshDatabase } from '../../support/database.ts';
import { until } from '../../support/until.ts';

let shop: Database;
let url: string;
const agent = new Agent({ keepAlive: true });
const server = createServer();

beforeAll(async () => {
  shop = openDatabase(await freshDatabase('outbox'));
  await createSchema(shop);
  await seed(shop);
  server.on('request', createShop(shop));
  const watched = serveLive(server, { side: 'monolith', admit: live(shop) });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return () => watched.close();
});
afterAll(async () => {
  agent.destroy();
  server.close();
  await shop.end();
});

it('shows an order to the customer whose it is, until he logs out, and to nobody else', async () => {
  const customer = await loggedIn(0);
  await customer.get('/products/zz');
  await customer.post('/cart', { sku: 'zz', quantity: 2 });
  const { location: order } = await customer.post('/orders', {});
  const other = await loggedIn(1);
  expect(await refusal(watch(`${order}/live`, ''))).toBe(401);
  expect(await refusal(watch(`${order}/live`, 'shop_session=made-up'))).toBe(404);
  expect(await refusal(watch(`${order}/live`, other.cookies))).toBe(404);

  const own = watch(`${order}/live`, customer.cookies);
  await until('its status', () => own.got.length === 1);
  await customer.post(`${order}/cancel`, {});
  await until('the change', () => own.got.length === 2);
  expect(own.got).toEqual([
    { served_by: 'monolith', status: 'placed' },
    { served_by: 'monolith', status: 'cancelled' },
  ]);
  await customer.post('/logout', {});
  await until('the page is told', () => own.closed);
  expect(own.closed).toBe(1008);
});

it('shows the stock to everybody, while somebody buys', async () => {
  const page = watch('/inventory/live?sku=rubber', '');
  await until('the stock', () => page.got.length === 1);
  const customer = await loggedIn(2);
  await customer.get('/products/rubber');
  await customer.post('/cart', { sku: 'rubber', quantity: 3 });
  await customer.post('/orders', {});
  await until('the change', () => page.got.length === 2);
  expect(page.got).toEqual(
    [400, 397].map((available) => ({
      served_by: 'monolith',
      items: [{ sku: 'rubber', available, price: '19.90' }],
    })),
  );
  expect(await refusal(watch('/nothing/live', ''))).toBe(404);
});

async function loggedIn(index: number) {
  const browser = openBrowser({ agent, url, tally: createTally() });
  expect(await logIn(browser, CUSTOMERS[index]!)).toBe(true);
  return browser;
}

function watch(path: string, cookie: string) {
  const page = { got: [] as unknown[], closed: 0, refused: 0 };
  const socket = new WebSocket(new URL(path, url.replace('http', 'ws')), { headers: { cookie } });
  socket.on('message', (data) => page.got.push(JSON.parse(String(data))));
  socket.on('close', (code) => (page.closed = code));
  socket.on('unexpected-response', (_request, { statusCode }) => (page.refused = statusCode!));
  socket.on('error', () => {});
  onTestFinished(() => socket.terminate());
  return page;
}

const refusal = (page: { refused: number }) => until('a refusal', () => page.refused);
