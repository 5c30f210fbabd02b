import express, { type ErrorRequestHandler, type Express } from 'express';
import { fileURLToPath } from 'node:url';
import type { Database } from '../../runtime/database.ts';
import { account } from './account.ts';
import { admin } from './admin.ts';
import { catalogue } from './catalogue.ts';
import { html } from './html.ts';
import { identity } from './identity.ts';
import { inventory } from './inventory.ts';
import { orders } from './orders.ts';
import { sendPage } from './page.ts';
import { visitors } from './sessions.ts';

/** The monolith: a shop for plants. Every answer says `x-served-by: monolith`. */
export function createShop(database: Database): Express {
  const shop = express();
  shop.disable('x-powered-by');
  shop.use((_request, response, next) => {
    response.set('x-served-by', 'monolith');
    next();
  });
  shop.use('/public', express.static(fileURLToPath(new URL('./public/', import.meta.url))));
  shop.use(express.urlencoded({ extended: false }));
  // Before the visitors: Banyan is none.
  shop.use(identity(database));
  shop.use(visitors(database));
  shop.use(catalogue(database));
  shop.use(inventory(database));
  shop.use(account(database));
  shop.use(orders(database));
  shop.use(admin(database));
  shop.use((_request, response) =>
    sendPage(response, 'Not found', html`<h1>There is nothing here</h1>`, 404),
  );
  shop.use(failed);
  return shop;
}

const failed: ErrorRequestHandler = (error, request, response, _next) => {
  process.stderr.write(
    `shop: ${request.method} ${request.path}: ${String((error as Error)?.stack ?? error)}\n`,
  );
  response.status(500).type('text').send('Something went wrong in the shop.\n');
};
