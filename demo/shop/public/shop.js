// Fills in each product's stock from GET /inventory/:sku, keeps it up to date over a WebSocket, and shows which side
// answered. An order's page is loaded anew when the order has changed.
const FIRST_PAUSE = 500;
const LONGEST_PAUSE = 30_000;
const NOT_ALLOWED = 1008;

const badges = [...document.querySelectorAll('[data-inventory]')];
const state = document.querySelector('[data-live]');
const order = document.querySelector('[data-order]');

const sideMark = (side) => {
  const mark = document.createElement('b');
  mark.className = `side ${side}`;
  mark.textContent = side;
  return mark;
};

function show(badge, available, side) {
  badge.replaceChildren(available > 0 ? `${available} in stock ` : 'sold out ', sideMark(side));
  badge.dataset.answeredBy = side;
}

async function fillIn(badge) {
  try {
    const response = await fetch(`/inventory/${encodeURIComponent(badge.dataset.inventory)}`);
    if (!response.ok) throw new Error(`status ${response.status}`);
    const { available, served_by: side } = await response.json();
    show(badge, available, side);
  } catch {
    badge.textContent = 'stock unknown';
    delete badge.dataset.answeredBy;
  }
}

/**
 * Holds a WebSocket while the page is shown. When it breaks, another one is opened after a while, twice as long each
 * time: a shop that comes back is not to meet all of its visitors at once.
 */
function watch(path, { onMessage, onBreak }) {
  let pause = FIRST_PAUSE;
  let leave;
  const open = () => {
    const url = new URL(path, location.href);
    url.protocol = url.protocol.replace('http', 'ws');
    const socket = new WebSocket(url);
    const listening = new AbortController();
    let timer;
    const on = (event, listener) => socket.addEventListener(event, listener, listening);
    on('message', ({ data }) => {
      pause = FIRST_PAUSE;
      onMessage(JSON.parse(data));
    });
    on('close', ({ code }) => {
      onBreak(code);
      if (code !== NOT_ALLOWED) timer = setTimeout(open, pause * (0.5 + Math.random() / 2));
      pause = Math.min(2 * pause, LONGEST_PAUSE);
    });
    leave = () => {
      clearTimeout(timer);
      listening.abort();
      socket.close();
    };
  };
  // A page with an open socket is not kept for the way back.
  addEventListener('pagehide', () => leave());
  addEventListener('pageshow', ({ persisted }) => persisted && open());
  open();
}

if (badges.length > 0) {
  await Promise.all(badges.map(fillIn));
  const query = new URLSearchParams(badges.map((badge) => ['sku', badge.dataset.inventory]));
  watch(`/inventory/live?${query}`, {
    onMessage({ items, served_by: side }) {
      for (const { sku, available } of items) {
        for (const badge of badges) if (badge.dataset.inventory === sku) show(badge, available, side);
      }
      state.replaceChildren('· stock live from the ', sideMark(side));
      state.dataset.live = side;
    },
    onBreak() {
      state.textContent = '· stock not live at the moment';
      state.dataset.live = '';
    },
  });
}

if (order) {
  watch(`/orders/${order.dataset.order}/live`, {
    onMessage: ({ status }) => status !== order.dataset.status && location.reload(),
    onBreak: (code) => code === NOT_ALLOWED && location.reload(),
  });
}
