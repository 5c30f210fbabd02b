import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect, inject, it } from 'vitest';
import { openBelongings } from '../../demo/belongings.ts';
import { CUSTOMERS, PASSWORD, PRODUCTS, STAFF } from '../../demo/shop/seed.ts';
import { startSystem, type System } from '../../demo/start-system.ts';
import { filled } from '../../demo/story/records.ts';
import { launchBrowser, type TestBrowser } from '../support/browser.ts';
import { until } from '../support/until.ts';

// BANYAN_SCREENSHOTS=1 renews docs/images/shop.png.
const IMAGE =
  process.env['BANYAN_SCREENSHOTS'] && fileURLToPath(new URL('../../docs/images/shop.png', import.meta.url));

const belongings = openBelongings();
const stopping = new AbortController();
let lost: Error | undefined;
let system: System;
let own: TestBrowser | undefined;

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
}, 120_000);

afterAll(async () => {
  await own?.close();
  expect(await belongings.release()).toEqual([]);
  expect(lost).toBeUndefined();
});

it('shows a customer in a real browser the same stock from either side, with his order in it', async () => {
  const page = await openPage();
  await page.goto(`${system.urls.gateway}/`);
  expect(await everyBadge(page)).toEqual(Array(PRODUCTS.length).fill('400 in stock monolith'));

  await logIn(page, CUSTOMERS[0]!);
  await page.click('text=Fiddle-leaf fig');
  await page.fill('input[name=quantity]', '3');
  await page.click('text=Add to cart');
  await page.click('text=Order now');
  expect(await page.textContent('h1')).toMatch(/^Order \d+: placed$/);
  await page.goto(`${system.urls.gateway}/products/fiddle`);
  expect(await everyBadge(page)).toEqual(['397 in stock monolith']);

  await system.banyan.run(['context', 'set', 'inventory', '--reads', 'extracted']);
  await until('the order at the service', async () => (await readAt(page, 'fiddle')).available === 397);
  await page.reload();
  expect(await everyBadge(page)).toEqual(['397 in stock inventory-service']);
  await page.goto(`${system.urls.gateway}/`);
  const badges = await everyBadge(page);
  expect(badges.filter((text) => text === '400 in stock inventory-service')).toHaveLength(
    PRODUCTS.length - 1,
  );
  if (IMAGE) await page.screenshot({ path: IMAGE });

  await page.goto(`${system.urls.gateway}/orders`);
  await page.click('text=/^Order \\d+/');
  await page.click('text=Cancel this order');
  expect(await page.textContent('h1')).toMatch(/^Order \d+: cancelled$/);
  await until(
    'the cancellation at the service',
    async () => (await readAt(page, 'fiddle')).available === 400,
  );
  await page.context().close();
});

it('lets staff change stock and a price in the monolith, which the service then answers', async () => {
  const page = await openPage();
  await logIn(page, STAFF);
  await page.click('nav >> text=Stock');
  const row = page.locator('tr', { hasText: 'Golden pothos' });
  await row.locator('input[name=delta]').fill('25');
  await row.locator('button').click();
  await until('the stock page', async () => (await row.locator('td.number').textContent()) === '425');
  await page.click('nav >> text=Prices');
  await row.locator('input[name=price]').fill('10.75');
  await row.locator('button').click();
  await until('both at the service', async () => {
    const { available, price, served_by: side } = await readAt(page, 'pothos');
    return available === 425 && price === '10.75' && side === 'inventory-service';
  });

  await system.banyan.run(['context', 'set', 'inventory', '--reads', 'legacy']);
  await page.goto(`${system.urls.gateway}/products/pothos`);
  expect(await everyBadge(page)).toEqual(['425 in stock monolith']);
  await page.context().close();
});

async function openPage(): Promise<Page> {
  const context = await own!.browser.newContext({ viewport: { width: 1180, height: 860 } });
  context.setDefaultTimeout(10_000);
  return context.newPage();
}

async function logIn(page: Page, email: string): Promise<void> {
  await page.goto(`${system.urls.gateway}/login`);
  await page.fill('input[name=email]', email);
  await page.fill('input[name=password]', PASSWORD);
  await page.click('main button');
  await page.waitForSelector('text=Log out');
}

/** The text of every stock badge, once the page's script has filled them all in. */
async function everyBadge(page: Page): Promise<string[]> {
  const badges = page.locator('[data-inventory]');
  await until('every stock badge', async () => {
    const waiting = await page.locator('[data-inventory]:not([data-answered-by])').count();
    return waiting === 0 && (await badges.count()) > 0;
  });
  return badges.allTextContents();
}

/** What the gateway answers to this very browser. */
async function readAt(
  page: Page,
  sku: string,
): Promise<{ available: number; price: string; served_by: string }> {
  const answer = await page.request.get(`${system.urls.gateway}/inventory/${sku}`);
  return (await answer.json()) as { available: number; price: string; served_by: string };
}
