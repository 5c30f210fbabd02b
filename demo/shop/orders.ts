import { Router, type NextFunction, type Request, type Response } from 'express';
import type { RowDataPacket } from 'mysql2/promise';
import type { Database } from '../../runtime/database.ts';
import { cancelOrder } from './cancel-order.ts';
import { html } from './html.ts';
import { csrfField, sendPage } from './page.ts';
import { placeOrder } from './place-order.ts';
import { csrfChecked, visitOf } from './sessions.ts';

/** Cart and orders, for customers who are logged in. */
export function orders(database: Database): Router {
  const router = Router();
  router.use(['/cart', '/orders'], loggedIn);

  router.get('/cart', async (_request, response) => {
    const [lines] = await database.query<RowDataPacket[]>(
      `SELECT c.sku, c.quantity, p.name, p.price FROM cart_lines c JOIN products p USING (sku)
       WHERE c.session_id = ? ORDER BY p.name`,
      [visitOf(response).session!.id],
    );
    sendPage(
      response,
      'Cart',
      lines.length === 0
        ? html`<h1>Your cart is empty</h1>`
        : html`<h1>Your cart</h1>
            ${lineTable(lines)}
            <form method="post" action="/orders">
              ${csrfField(response)}
              <p><button>Order now</button></p>
            </form>`,
    );
  });

  router.post('/cart', csrfChecked, async (request, response) => {
    const { sku, quantity } = request.body as Record<string, unknown>;
    const pieces = Number(quantity);
    const [[product]] = await database.query<RowDataPacket[]>('SELECT sku FROM products WHERE sku = ?', [
      String(sku),
    ]);
    if (!product || !Number.isInteger(pieces) || pieces < 1 || pieces > 20) {
      return sendPage(
        response,
        'Cart',
        html`<p class="message">From 1 to 20 pieces of a plant that we have.</p>`,
        400,
      );
    }
    await database.query(
      `INSERT INTO cart_lines (session_id, sku, quantity) VALUES (?, ?, ?)
       ON DUPLICATE KEY UPDATE quantity = VALUES(quantity)`,
      [visitOf(response).session!.id, product['sku'], pieces],
    );
    response.redirect(303, '/cart');
  });

  router.get('/orders', async (_request, response) => {
    const [placed] = await database.query<RowDataPacket[]>(
      'SELECT id, status, total, placed_at FROM orders WHERE user_id = ? ORDER BY id DESC LIMIT 50',
      [visitOf(response).session!.user!.id],
    );
    sendPage(
      response,
      'Orders',
      html`<h1>Your orders</h1>
        <table>
          ${placed.map(
            ({ id, status, total, placed_at: at }) =>
              html`<tr>
                <td><a href="/orders/${id}">Order ${id}</a></td>
                <td>${at} UTC</td>
                <td>${status}</td>
                <td class="number">€ ${total}</td>
              </tr>`,
          )}
        </table>`,
    );
  });

  router.post('/orders', csrfChecked, async (_request, response) => {
    const { id, user } = visitOf(response).session!;
    const placed = await placeOrder(database, id, user!);
    if (placed.outcome === 'placed') return response.redirect(303, `/orders/${placed.orderId}`);
    const message =
      placed.outcome === 'empty' ? 'Your cart is empty.' : `Only ${placed.available} left of ${placed.sku}.`;
    sendPage(response, 'Cart', html`<p class="message">${message}</p>`, 409);
  });

  router.get('/orders/:id', async (request, response) => {
    const [[order]] = await database.query<RowDataPacket[]>(
      'SELECT id, status, total FROM orders WHERE id = ? AND user_id = ?',
      [request.params.id, visitOf(response).session!.user!.id],
    );
    if (!order) return sendPage(response, 'Not found', html`<h1>You have no such order</h1>`, 404);
    const { id, status, total } = order;
    const [lines] = await database.query<RowDataPacket[]>(
      `SELECT l.sku, l.quantity, p.name, l.unit_price AS price FROM order_lines l JOIN products p USING (sku)
       WHERE l.order_id = ? ORDER BY p.name`,
      [id],
    );
    sendPage(
      response,
      `Order ${id}`,
      html`<h1 data-order="${id}" data-status="${status}">Order ${id}: ${status}</h1>
        ${lineTable(lines)}
        <p class="price">€ ${total} in all</p>
        ${
          status === 'placed' &&
          html`<form method="post" action="/orders/${id}/cancel">
            ${csrfField(response)}<button>Cancel this order</button>
          </form>`
        }`,
    );
  });

  router.post('/orders/:id/cancel', csrfChecked, async (request, response) => {
    const id = Number(request.params['id']);
    if (await cancelOrder(database, id, visitOf(response).session!.user!.id))
      return response.redirect(303, `/orders/${id}`);
    sendPage(response, 'Order', html`<p class="message">There is no such order to cancel.</p>`, 409);
  });

  return router;
}

function lineTable(lines: RowDataPacket[]) {
  return html`<table>
    ${lines.map(
      ({ sku, quantity, name, price }) =>
        html`<tr>
          <td class="number">${quantity} ×</td>
          <td><a href="/products/${sku}">${name}</a></td>
          <td class="number">€ ${price}</td>
        </tr>`,
    )}
  </table>`;
}

function loggedIn(_request: Request, response: Response, next: NextFunction): void {
  if (visitOf(response).session?.user) return next();
  response.redirect(303, '/login');
}
