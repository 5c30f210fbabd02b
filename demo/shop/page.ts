import type { Response } from 'express';
import { html, type Html } from './html.ts';
import { visitOf } from './sessions.ts';

/** Sends a whole page: head, navigation, `body`, and who made it. */
export function sendPage(response: Response, title: string, body: Html, status = 200): void {
  const { session } = visitOf(response);
  const page = html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <title>${title} · Fig &amp; Fern</title>
        <link rel="icon" href="data:," />
        <link rel="stylesheet" href="/public/shop.css" />
        <script src="/public/shop.js" type="module"></script>
      </head>
      <body>
        <header>
          <a class="brand" href="/">Fig &amp; Fern</a>
          <nav>
            <a href="/">Plants</a>
            ${session?.user && html`<a href="/cart">Cart</a> <a href="/orders">Orders</a>`}
            ${
              session?.user?.role === 'staff' &&
              html`<a href="/admin/stock">Stock</a> <a href="/admin/prices">Prices</a>`
            }
            ${
              session?.user
                ? html`<form method="post" action="/logout">
                    ${csrfField(response)}<span class="who">${session.user.name}</span>
                    <button class="plain">Log out</button>
                  </form>`
                : html`<a href="/login">Log in</a>`
            }
          </nav>
        </header>
        <main>${body}</main>
        <footer>
          Plants by post since 2009 · page made by the <b class="side monolith">monolith</b>
          <span data-live>&nbsp;</span>
        </footer>
      </body>
    </html>`;
  // Else the browser would show it again after logging out.
  if (session?.user) response.set('cache-control', 'no-store');
  response.status(status).type('html').send(page.html);
}

export function csrfField(response: Response): Html {
  return html`<input type="hidden" name="csrf" value="${visitOf(response).session?.csrf}" />`;
}

/**
 * A product's stock, filled in by the browser from `GET /inventory/:sku` and kept up to date over the WebSocket
 * `/inventory/live`: whoever answers is shown with it.
 */
export function stockBadge(sku: string): Html {
  return html`<span class="stock" data-inventory="${sku}">
    <noscript><a href="/inventory/${sku}">stock</a></noscript>
  </span>`;
}

/** A drawing of a plant, so that the demo needs no image files. */
export function drawing(hue: number): Html {
  const leaf = (turn: number, length: number, light: number): Html =>
    html`<path
      transform="rotate(${turn} 60 88)"
      d="M60 88 C ${60 - length / 3} ${88 - length / 2}, ${60 - length / 4} ${88 - length}, 60 ${88 - length * 1.1} C ${60 + length / 4} ${88 - length}, ${60 + length / 3} ${88 - length / 2}, 60 88"
      fill="hsl(${hue} 42% ${light}%)"
    />`;
  return html`<svg viewBox="0 0 120 120" aria-hidden="true" style="background: hsl(${hue} 34% 93%)">
    ${[leaf(-64, 48, 38), leaf(64, 48, 38), leaf(-34, 60, 32), leaf(34, 60, 32), leaf(0, 68, 27)]}
    <path d="M42 86 h36 l-5 24 h-26 z" fill="hsl(18 45% 52%)" />
    <rect x="39" y="82" width="42" height="8" rx="2" fill="hsl(18 45% 46%)" />
  </svg>`;
}
