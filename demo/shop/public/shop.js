// Fills in each product's stock from GET /inventory/:sku, and shows which side answered.
async function fillIn(badge) {
  try {
    const response = await fetch(`/inventory/${encodeURIComponent(badge.dataset.inventory)}`);
    if (!response.ok) throw new Error(`status ${response.status}`);
    const { available, served_by: side } = await response.json();
    const by = document.createElement('b');
    by.className = `side ${side}`;
    by.textContent = side;
    badge.replaceChildren(available > 0 ? `${available} in stock ` : 'sold out ', by);
    badge.dataset.answeredBy = side;
  } catch {
    badge.textContent = 'stock unknown';
  }
}

for (const badge of document.querySelectorAll('[data-inventory]')) void fillIn(badge);
