import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, inject, it } from 'vitest';
import { openBelongings } from '../../demo/belongings.ts';
import { PRODUCTS, STAFF } from '../../demo/shop/seed.ts';
import { startSystem, type System } from '../../demo/start-system.ts';
import { filled, readService, readShop } from '../../demo/story/records.ts';
import { launchBrowser, type TestBrowser } from '../support/browser.ts';
import { until } from '../support/until.ts';
import { openVisitor, type Tab, type Visitor } from './browser/open-visitor.ts';

// BANYAN_SCREENSHOTS=1 renews docs/images/shop.png.
const IMAGE =
  process.env['BANYAN_SCREENSHOTS'] && fileURLToPath(new URL('../../docs/images/shop.png', import.meta.url));
const PHONE = { width: 375, height: 740 };
const SERVICE = 'inventory-service';

const belongings = openBelongings();
const stopping = new AbortController();
let lost: Error | undefined;
let system: System;
let own: TestBrowser | undefined;

/** A customer with two tabs for the whole pass: one stays on a plant's page, the other goes around. */
let customer: Visitor;
let watching: Tab;
let tab: Tab;

beforeAll(async () => {
  const folder = await mkdtemp(join(tmpdir(), 'bd-'));
  await belongings.own('folder', Promise.resolve(), () => rm(folder, { recursive: true, force: true }));
  system = await startSystem({
    folder,
    env: { ...process.env, BANYAN_DATABASE_URL: inject('databaseServer'), BANYAN_REDIS_URL: inject('redis') },
    belongings,
    terminal: { heading() {}, say() {}, step() {}, command() {}, live() {} },
    signal: stopping.signal,
    onLoss: (why) => (lost = why),
  });
  await filled(system.inventory, PRODUCTS.length * 2, stopping.signal);
  own = await launchBrowser();
  customer = await openVisitor(own.browser, system.urls.gateway);
  watching = await customer.tab();
  tab = await customer.tab();
}, 120_000);

afterAll(async () => {
  await own?.close();
  expect(await belongings.release()).toEqual([]);
  expect(lost).toBeUndefined();
});

it('legacy: shows the monolith’s stock, logs in through the gateway, and shows an order where it is watched', async () => {
  await tab.open('/');
  expect(await tab.stock()).toEqual(Array(PRODUCTS.length).fill('400 in stock monolith'));
  await tab.logIn();
  expect(tab.page.url()).toBe(`${system.urls.gateway}/`);
  await watching.open('/products/fiddle');
  expect(await watching.stock()).toEqual(['400 in stock monolith']);
  await tab.buy('fiddle');
  await shown(watching, '399 in stock monolith');
  await logsOutAndIn();
  noComplaints();
});

it('shadow: the monolith answers on, and what the browser has read is the same at the service', async () => {
  const socket = watching.sockets.at(-1)!;
  await caughtUp();
  await reads('shadow');
  await looksAround('monolith', 399);
  const [route] = await until('the comparisons', async () => {
    const { output } = await system.banyan.run(['shadow', 'report', 'inventory', '--json'], true);
    const { routes } = JSON.parse(output) as { routes: { samples: number; matches: number }[] };
    return routes[0]!.samples >= PRODUCTS.length ? routes : undefined;
  });
  expect(route!.matches).toBe(route!.samples);
  expect(socket).toMatchObject({ open: true });
  noComplaints();
});

it('canary: who is named is on the service with 0 %, everybody with 100 %; open WebSockets stay where they are', async () => {
  const socket = watching.sockets.at(-1)!;
  await reads('canary', '--percent', '0');
  await looksAround('monolith', 399);
  const cookies = await customer.context.cookies();
  await reads('canary', '--percent', '0', '--include', cookies.find(({ name }) => name === 'sid')!.value);
  await looksAround(SERVICE, 399);
  const other = await openVisitor(own!.browser, system.urls.gateway);
  const others = await other.tab();
  await others.open('/products/zz');
  expect(await others.stock()).toEqual(['400 in stock monolith']);
  await reads('canary', '--percent', '100', '--include', '');
  await others.page.reload();
  expect(await others.stock()).toEqual(['400 in stock inventory-service']);
  expect(other.complaints()).toEqual([]);
  await other.context.close();

  // Still the monolith's, and still alive.
  await tab.buy('fiddle');
  await shown(watching, '398 in stock monolith');
  expect(socket).toMatchObject({ open: true });
  noComplaints();
});

it('extracted: a page that is loaded anew is on the service, and an order shows there', async () => {
  await reads('extracted');
  const before = watching.sockets.length;
  await watching.page.reload();
  await shown(watching, '398 in stock inventory-service');
  await until('it is live', () => watching.sockets[before]?.messages.length);
  expect(watching.sockets.at(-1)!.messages[0]!.served_by).toBe(SERVICE);
  await looksAround(SERVICE, 398);
  if (IMAGE) await tab.page.screenshot({ path: IMAGE });
  await tab.buy('fiddle');
  await shown(watching, '397 in stock inventory-service');

  // Back and forward, and an order that is cancelled in one tab while another shows it.
  await tab.page.goBack();
  await tab.page.goForward();
  await tab.page.waitForSelector('h1[data-status=placed]');
  const order = await customer.tab();
  await order.open(new URL(tab.page.url()).pathname);
  await until('the order is watched', () => order.sockets[0]?.messages.length);
  await tab.page.click('text=Cancel this order');
  await order.page.waitForSelector('h1[data-status=cancelled]');
  await shown(watching, '398 in stock inventory-service');
  await logsOutAndIn();
  // The session that the page was opened with is over.
  await order.page.waitForURL('**/login');
  await order.page.close();
  noComplaints();
});

it('killed and released: reads go to the monolith and back; the WebSocket that is open stays with the service', async () => {
  const socket = watching.sockets.at(-1)!;
  expect((await system.banyan.run(['kill', 'inventory'])).output).toContain('killed on 1 of 1 gateway');
  await looksAround('monolith', 398);
  expect((await system.banyan.run(['kill', 'inventory', '--release'])).output).toContain('released');
  await looksAround(SERVICE, 398);
  expect(socket.open).toBe(true);
  noComplaints();
});

it('back with one command, and there again by undo', async () => {
  await reads('legacy');
  await looksAround('monolith', 398);
  await system.banyan.run(['context', 'undo', 'inventory']);
  await looksAround(SERVICE, 398);
  noComplaints();
});

it('writes don’t move by accident: refused with what to do, and the browser sees nothing of it', async () => {
  const set = ['context', 'set', 'inventory', '--writes', 'extracted'];
  const { output, exitCode } = await system.banyan.run(set, true);
  expect(exitCode).toBe(1);
  expect(output).toMatch(/refused: it is not safe .* --unsafe and --reason/s);
  await looksAround(SERVICE, 398);
  await tab.buy('fiddle');
  await shown(watching, '397 in stock inventory-service');
  noComplaints();
});

it('a service that dies: pages and WebSockets are the monolith’s until it is back', async () => {
  await caughtUp();
  await system.service.crash();
  await until('the WebSocket is the monolith’s', async () => (await watching.liveFrom()) === 'monolith');
  await looksAround('monolith', 397);
  await tab.buy('fiddle');
  await shown(watching, '396 in stock monolith');
  await logsOutAndIn();
  const timing = await tab.page.request.get(`${system.urls.gateway}/inventory/zz`);
  expect(timing.headers()['server-timing']).toMatch(/^banyan;desc="fallback: (failed|breaker open)"$/);
  noComplaints();

  await system.service.start();
  await until('the service answers again', async () => {
    const answer = await tab.page.request.get(`${system.urls.gateway}/inventory/zz`);
    return answer.headers()['x-served-by'] === SERVICE;
  });
  await caughtUp();
  await watching.page.reload();
  await shown(watching, '396 in stock inventory-service');
  await looksAround(SERVICE, 396);
  noComplaints();
});

it('retired: 410 for stock, everything else goes on; and back, without anybody loading a page anew', async () => {
  await reads('retired');
  await tab.open('/');
  await until('no stock', async () => {
    const texts = await tab.page.locator('[data-inventory]').allTextContents();
    return texts.length === PRODUCTS.length && texts.every((text) => text === 'stock unknown');
  });
  await until('the WebSocket is refused', async () => (await tab.liveFrom()) === '');
  const gone = customer.complaints();
  expect(gone.filter((what) => what.startsWith('410: /inventory/'))).toHaveLength(PRODUCTS.length);
  expect(gone.filter((what) => !what.includes('410'))).toEqual([]);
  const direct = await tab.page.request.get(`${system.urls.gateway}/inventory/zz`);
  expect([direct.status(), await direct.text()]).toEqual([410, '410 Gone\n']);
  // What is open stays; what is the monolith's is untouched.
  expect(watching.sockets.at(-1)!.open).toBe(true);

  await system.banyan.run(['context', 'undo', 'inventory']);
  expect(await tab.stock()).toEqual(stockOf(SERVICE, 396));
  await tab.logOut();
  await reads('legacy');
  await tab.logIn();
  await looksAround('monolith', 396);
  customer.complaints();
});

it('staff change stock and a price in the monolith, which the service then answers; on a phone, too', async () => {
  await reads('extracted');
  const staff = await openVisitor(own!.browser, system.urls.gateway);
  const { page, logIn, open, stock } = await staff.tab();
  await page.setViewportSize(PHONE);
  await logIn(STAFF);
  for (const path of ['/', '/products/pothos', '/login', '/admin/prices', '/admin/stock']) {
    await open(path);
    if (await page.locator('[data-inventory]').count()) await stock();
    expect(await page.locator('html').evaluate(({ scrollWidth }) => scrollWidth), path).toBe(PHONE.width);
  }
  const row = page.locator('tr', { hasText: 'Golden pothos' });
  await row.locator('input[name=delta]').fill('25');
  await row.locator('button').click();
  await until('the stock page', async () => (await row.locator('td.number').textContent()) === '425');
  await page.click('nav >> text=Prices');
  await row.locator('input[name=price]').fill('10.75');
  await row.locator('button').click();
  await until('both at the service', async () => {
    const answer = await page.request.get(`${system.urls.gateway}/inventory/pothos`);
    const { available, price, served_by: side } = (await answer.json()) as Record<string, unknown>;
    return available === 425 && price === '10.75' && side === SERVICE;
  });
  await open('/products/pothos');
  expect(await stock()).toEqual(['425 in stock inventory-service']);
  expect(staff.complaints()).toEqual([]);
  await staff.context.close();
});

const reads = (...stage: string[]) => system.banyan.run(['context', 'set', 'inventory', '--reads', ...stage]);

/** The whole catalogue in the second tab, from this side alone, for a customer who is still logged in. */
async function looksAround(side: string, fiddles: number): Promise<void> {
  await tab.open('/');
  expect(await tab.stock()).toEqual(stockOf(side, fiddles));
  expect(await tab.liveFrom()).toBe(side);
  expect(await tab.page.textContent('.who')).toBe('Customer 1');
  expect(await tab.shifts()).toBeLessThan(0.01);
}

/** As the catalogue shows it, by name; nobody buys anything else here. */
const stockOf = (side: string, fiddles: number): string[] =>
  PRODUCTS.toSorted(([, one], [, other]) => one.localeCompare(other)).map(
    ([sku]) => `${sku === 'fiddle' ? fiddles : 400} in stock ${side}`,
  );

/** What the tab that stays shows in the end, without being touched. */
const shown = (one: Tab, text: string) =>
  until(text, async () => (await one.page.locator('[data-inventory]').textContent()) === text);

/** Neither the page nor the way back to it shows anything of a customer who has left. */
async function logsOutAndIn(): Promise<void> {
  await tab.open('/orders');
  await tab.logOut();
  await tab.page.goBack();
  await tab.page.waitForURL('**/login');
  expect(await tab.page.locator('.who').count()).toBe(0);
  await tab.logIn();
}

/** The service has applied every event that the shop has told. */
const caughtUp = () =>
  until('every event at the service', async () => {
    const [{ state: shop }, { state: service }] = [
      await readShop(system.shop),
      await readService(system.inventory),
    ];
    return [...shop].every(([sku, entries]) => service.get(sku)?.join() === entries.join());
  });

const noComplaints = () => expect(customer.complaints()).toEqual([]);
