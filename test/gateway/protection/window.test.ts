import { expect, test } from 'vitest';
import { openWindow } from '../../../gateway/protection/window.ts';

test('it agrees with a list of what was added, whatever the pace', () => {
  let now = 12_345;
  const window = openWindow(1_000, () => now);
  const added: { at: number; failed: boolean }[] = [];
  let seed = 42;
  const random = () => (seed = (seed * 16_807) % 2_147_483_647) / 2_147_483_647;
  for (let step = 0; step < 5_000; step += 1) {
    now += Math.floor(random() ** 4 * 700);
    const failed = random() < 0.3;
    window.add(failed);
    added.push({ at: now, failed });
    // A slice is forgotten as a whole.
    const first = (Math.floor(now / 100) - 9) * 100;
    const kept = added.filter(({ at }) => at >= first);
    expect(window.requests()).toBe(kept.length);
    expect(window.failures()).toBe(kept.filter((one) => one.failed).length);
  }
  now += 5_000;
  expect([window.requests(), window.failures()]).toEqual([0, 0]);
});
