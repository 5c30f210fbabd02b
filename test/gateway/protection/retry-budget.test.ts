import { expect, test } from 'vitest';
import { FLOOR, openRetryBudget, SAVED } from '../../../gateway/protection/retry-budget.ts';

test.each([0, 1, 20, 33.3, 100])(
  'over any length of time, retries are never more than this share of the requests and a few: %s percent',
  (percent) => {
    let seed = 7;
    const random = () => (seed = (seed * 16_807) % 2_147_483_647) / 2_147_483_647;
    const budget = openRetryBudget(percent);
    let requests = 0;
    let retries = 0;
    let refused = 0;
    let excess = -Infinity;
    for (let step = 0; step < 100_000; step += 1) {
      // Long stretches of peace and of trouble.
      const trouble = Math.floor(step / 1_000) % 3 === 1 ? 3 : 0.1;
      budget.deposit();
      requests += 1;
      for (let wish = random() * trouble; wish > 0.5; wish -= 0.5) {
        if (budget.withdraw()) retries += 1;
        else refused += 1;
      }
      excess = Math.max(excess, retries - (requests * percent) / 100 - FLOOR);
    }
    expect(excess).toBeLessThan(1e-6);
    expect(refused).toBeGreaterThan(0);
    // Under lasting trouble all of it is used.
    if (percent > 0) {
      for (let step = 0; step < 10_000; step += 1) budget.withdraw();
      const before = retries;
      for (let step = 0; step < 10_000; step += 1) {
        budget.deposit();
        if (budget.withdraw()) retries += 1;
      }
      expect(retries - before).toBeGreaterThanOrEqual(percent * 100 - 1);
    }
  },
);

test('what is saved up in good times is bounded', () => {
  const budget = openRetryBudget(20);
  for (let step = 0; step < 1_000_000; step += 1) budget.deposit();
  let retries = 0;
  while (retries < 10_000 && budget.withdraw()) retries += 1;
  expect(retries).toBe(SAVED);
});
