import type { Browser, BrowserContext, Page } from 'playwright-core';
import { CUSTOMERS, PASSWORD } from '../../../demo/shop/seed.ts';
import { until } from '../../support/until.ts';

/** Whoever looks at the shop in a real browser: a session and its tabs. */
export interface Visitor {
  readonly context: BrowserContext;
  tab(): Promise<Tab>;
  /** What the browser has complained of since it was asked last: on the console, in requests, in answers of 400 and above. */
  complaints(): string[];
}

export interface Tab {
  readonly page: Page;
  /** The WebSockets that the tab has opened, in order. */
  readonly sockets: Socket[];
  open(path: string): Promise<void>;
  /** Who told the stock of each plant shown, and how much, once all is there and live: `397 in stock monolith`. */
  stock(): Promise<string[]>;
  /** Who the live stock comes from now; empty while it doesn't come. */
  liveFrom(): Promise<string | null>;
  logIn(email?: string): Promise<void>;
  logOut(): Promise<void>;
  /** Buys one piece, through cart and order. */
  buy(sku: string): Promise<void>;
  /** How far what was shown has moved about by itself (the web's Cumulative Layout Shift). */
  shifts(): Promise<number>;
}

export interface Socket {
  readonly path: string;
  readonly messages: { readonly served_by: string }[];
  open: boolean;
}

export async function openVisitor(browser: Browser, url: string): Promise<Visitor> {
  const context = await browser.newContext({ viewport: { width: 1180, height: 860 } });
  context.setDefaultTimeout(15_000);
  let heard: string[] = [];
  return {
    context,
    async tab() {
      const page = await context.newPage();
      complainingOf(page, (what) => heard.push(what));
      await page.addInitScript(watchShifts);
      return openTab(page, url);
    },
    complaints() {
      const all = heard;
      heard = [];
      return all;
    },
  };
}

function complainingOf(page: Page, tell: (what: string) => void): void {
  page.on('console', (message) => {
    if (['error', 'warning'].includes(message.type())) tell(`console: ${message.text()}`);
  });
  page.on('pageerror', (error) => tell(`uncaught: ${error.message}`));
  page.on('requestfailed', (request) => {
    const why = request.failure()?.errorText;
    // What the browser itself gave up, because its page was left.
    if (why !== 'net::ERR_ABORTED') tell(`failed: ${request.url()}: ${why}`);
  });
  page.on('response', (answer) => {
    if (answer.status() >= 400) tell(`${answer.status()}: ${new URL(answer.url()).pathname}`);
  });
}

function openTab(page: Page, url: string): Tab {
  const sockets: Socket[] = [];
  page.on('websocket', (opened) => {
    const { pathname } = new URL(opened.url());
    const socket: Socket = { path: pathname, messages: [], open: true };
    sockets.push(socket);
    opened.on('framereceived', ({ payload }) => socket.messages.push(JSON.parse(String(payload))));
    opened.on('close', () => (socket.open = false));
  });
  const badges = page.locator('[data-inventory]');
  const liveFrom = () => page.locator('[data-live]').getAttribute('data-live');
  return {
    page,
    sockets,
    liveFrom,
    open: async (path) => void (await page.goto(url + path)),
    async stock() {
      await until('every plant’s stock', async () => {
        const unknown = await page.locator('[data-inventory]:not([data-answered-by])').count();
        return unknown === 0 && (await badges.count()) > 0 && (await liveFrom());
      });
      return badges.allTextContents();
    },
    async logIn(email = CUSTOMERS[0]!) {
      await page.goto(`${url}/login`);
      // By keyboard alone.
      await page.focus('input[name=email]');
      await page.keyboard.type(email);
      await page.keyboard.press('Tab');
      await page.keyboard.type(PASSWORD);
      await page.keyboard.press('Enter');
      await page.waitForSelector('text=Log out');
    },
    async logOut() {
      await page.click('text=Log out');
      await page.waitForSelector('nav >> text=Log in');
    },
    async buy(sku) {
      await page.goto(`${url}/products/${sku}`);
      await page.click('text=Add to cart');
      await page.click('text=Order now');
      await page.waitForSelector('h1[data-status=placed]');
    },
    shifts: () => page.evaluate(() => (globalThis as unknown as { shifts: number }).shifts),
  };
}

/** Runs in the page. */
function watchShifts(): void {
  const own = globalThis as unknown as { shifts: number };
  own.shifts = 0;
  new PerformanceObserver((list) => {
    for (const entry of list.getEntries() as unknown as { value: number; hadRecentInput: boolean }[])
      if (!entry.hadRecentInput) own.shifts += entry.value;
  }).observe({ type: 'layout-shift' as never, buffered: true });
}
