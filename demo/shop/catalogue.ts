import { Router } from 'express';
import type { RowDataPacket } from 'mysql2/promise';
import type { Database } from '../../runtime/database.ts';
import { html } from './html.ts';
import { csrfField, drawing, sendPage, stockBadge } from './page.ts';
import { visitOf } from './sessions.ts';

/** The plants: all of them, and one. */
export function catalogue(database: Database): Router {
  const router = Router();

  router.get('/', async (_request, response) => {
    const [products] = await database.query<RowDataPacket[]>(
      'SELECT sku, name, latin, hue, price FROM products ORDER BY name',
    );
    sendPage(
      response,
      'Plants',
      html`<h1>Plants that outlive their owners</h1>
        <ul class="plants">
          ${products.map(
            ({ sku, name, latin, hue, price }) =>
              html`<li>
                <a href="/products/${sku}">
                  ${drawing(hue)}
                  <div class="text">
                    <h2>${name}</h2>
                    <span class="latin">${latin}</span>
                    <div class="price">€ ${price}</div>
                    ${stockBadge(sku)}
                  </div>
                </a>
              </li>`,
          )}
        </ul>`,
    );
  });

  router.get('/products/:sku', async (request, response) => {
    const [[product]] = await database.query<RowDataPacket[]>('SELECT * FROM products WHERE sku = ?', [
      request.params.sku,
    ]);
    if (!product) return sendPage(response, 'Not found', html`<h1>We don't have this plant</h1>`, 404);
    const { sku, name, latin, description, hue, price } = product;
    sendPage(
      response,
      name,
      html`<div class="product">
        ${drawing(hue)}
        <div>
          <h1>${name}</h1>
          <p class="latin">${latin}</p>
          <p>${description}</p>
          <p class="price">€ ${price}</p>
          <p>${stockBadge(sku)}</p>
          ${
            visitOf(response).session?.user
              ? html`<form method="post" action="/cart">
                  ${csrfField(response)}<input type="hidden" name="sku" value="${sku}" />
                  <input type="number" name="quantity" value="1" min="1" max="20" aria-label="Pieces" />
                  <button>Add to cart</button>
                </form>`
              : html`<p><a href="/login">Log in</a> to order.</p>`
          }
        </div>
      </div>`,
    );
  });

  return router;
}
