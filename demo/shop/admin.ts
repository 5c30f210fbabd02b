import { Router, type NextFunction, type Request, type Response } from 'express';
import type { RowDataPacket } from 'mysql2/promise';
import type { Database } from '../../runtime/database.ts';
import { adjustStock } from './adjust-stock.ts';
import { changePrice } from './change-price.ts';
import { html } from './html.ts';
import { csrfField, sendPage } from './page.ts';
import { csrfChecked, visitOf } from './sessions.ts';

/** Stock and prices, for staff. */
export function admin(database: Database): Router {
  const router = Router();
  router.use('/admin', staffOnly);

  router.get('/admin/stock', async (_request, response) => {
    const [items] = await database.query<RowDataPacket[]>(
      'SELECT p.sku, p.name, s.quantity FROM products p JOIN stock s USING (sku) ORDER BY p.name',
    );
    sendPage(
      response,
      'Stock',
      html`<h1>Stock</h1>
        <table>
          ${items.map(
            ({ sku, name, quantity }) =>
              html`<tr>
                <td>${name} <span class="note">${sku}</span></td>
                <td class="number">${quantity}</td>
                <td>
                  <form method="post" action="/admin/stock/${sku}">
                    ${csrfField(response)}
                    <input type="number" name="delta" value="10" aria-label="Pieces more or less" />
                    <input name="reason" value="delivery" aria-label="Reason" /> <button>Adjust</button>
                  </form>
                </td>
              </tr>`,
          )}
        </table>`,
    );
  });

  router.post('/admin/stock/:sku', csrfChecked, async (request, response) => {
    const { delta, reason } = request.body as Record<string, unknown>;
    const pieces = Number(delta);
    const move = { sku: String(request.params['sku']), delta: pieces, reason: String(reason).slice(0, 100) };
    if (
      Number.isInteger(pieces) &&
      pieces !== 0 &&
      Math.abs(pieces) <= 10_000 &&
      (await adjustStock(database, move))
    ) {
      return response.redirect(303, '/admin/stock');
    }
    sendPage(response, 'Stock', html`<p class="message">That can't be: ${String(delta)} pieces.</p>`, 409);
  });

  router.get('/admin/prices', async (_request, response) => {
    const [items] = await database.query<RowDataPacket[]>(
      'SELECT sku, name, price FROM products ORDER BY name',
    );
    sendPage(
      response,
      'Prices',
      html`<h1>Prices</h1>
        <table>
          ${items.map(
            ({ sku, name, price }) =>
              html`<tr>
                <td>${name} <span class="note">${sku}</span></td>
                <td>
                  <form method="post" action="/admin/prices/${sku}">
                    ${csrfField(response)}
                    <input
                      name="price"
                      value="${price}"
                      inputmode="decimal"
                      size="8"
                      aria-label="Price in €"
                    />
                    <button>Change</button>
                  </form>
                </td>
              </tr>`,
          )}
        </table>`,
    );
  });

  router.post('/admin/prices/:sku', csrfChecked, async (request, response) => {
    const price = String((request.body as Record<string, unknown>)['price']).trim();
    if (!/^\d{1,6}(\.\d{1,2})?$/.test(price)) {
      return sendPage(response, 'Prices', html`<p class="message">A price looks like 12.50.</p>`, 400);
    }
    const { email } = visitOf(response).session!.user!;
    await changePrice(database, String(request.params['sku']), Number(price).toFixed(2), email);
    response.redirect(303, '/admin/prices');
  });

  return router;
}

function staffOnly(_request: Request, response: Response, next: NextFunction): void {
  const user = visitOf(response).session?.user;
  if (user?.role === 'staff') return next();
  if (!user) return response.redirect(303, '/login');
  sendPage(response, 'Staff only', html`<h1>This page is for staff</h1>`, 403);
}
