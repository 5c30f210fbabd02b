import { expect, test } from 'vitest';
import { progressLine } from '../../../demo/real/report.ts';

test('the bar is as full as what is written and handled, and full only at the end', () => {
  const at = (written: number, handled: number) => progressLine({ written, handled, total: 2_000 });
  expect(at(0, 0)).toBe(`[${'-'.repeat(30)}]   0 %  0 of 2,000 written, 0 handled`);
  expect(at(2_000, 1_000)).toBe(
    `[${'#'.repeat(22)}${'-'.repeat(8)}]  75 %  2,000 of 2,000 written, 1,000 handled`,
  );
  expect(at(2_000, 1_999)).toContain('#-]  99 %');
  expect(at(2_000, 2_000)).toBe(`[${'#'.repeat(30)}] 100 %  2,000 of 2,000 written, 2,000 handled`);
});
