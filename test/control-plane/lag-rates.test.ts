import { expect, test } from 'vitest';
import { watchRates } from '../../control-plane/lag/rates.ts';
import type { Sample } from '../../control-plane/lag/sample.ts';

const all = () => true;

/** The outbox `seconds` after the beginning: pending by type, settled counts by relay. */
function sample(
  seconds: number,
  pending: Record<string, number>,
  relays: Record<string, Record<string, number>>,
): Sample {
  return {
    databaseTime: seconds * 1_000,
    askedAt: seconds * 1_000,
    types: Object.entries(pending).map(([type, n]) => ({
      ...{ type, pending: n, oldestAgeMs: 1 },
      ...{ parked: 0, oldestParkedAgeMs: null },
    })),
    relays: Object.entries(relays).map(([relay, settledByType]) => ({ relay, seenAgoMs: 0, settledByType })),
    openTransaction: { state: 'none' },
  };
}

test('one sample tells no rate', () => {
  const watch = watchRates();
  watch.add(sample(0, { A: 5 }, { r: { A: 100 } }));
  expect(watch.rates(all)).toBeUndefined();
});

test('out is what the relays settled, in is that and what is waiting more', () => {
  const watch = watchRates();
  watch.add(sample(0, { A: 5, B: 1 }, { r: { A: 100 }, s: { B: 7 } }));
  watch.add(sample(2, { A: 15, B: 1 }, { r: { A: 110 }, s: { B: 9 } }));
  expect(watch.rates((type) => type === 'A')).toEqual({ rateIn: 10, rateOut: 5 });
  expect(watch.rates(all)).toEqual({ rateIn: 11, rateOut: 6 });
  expect(watch.types()).toEqual(['A', 'B']);
});

test('the window is ten seconds: what was before does not count', () => {
  const watch = watchRates();
  watch.add(sample(0, {}, { r: { A: 0 } }));
  watch.add(sample(1, {}, { r: { A: 1_000 } }));
  for (let second = 2; second <= 30; second += 1) watch.add(sample(second, {}, { r: { A: 1_000 + second } }));
  expect(watch.rates(all)).toEqual({ rateIn: 1, rateOut: 1 });
});

test('a relay that restarts, one that leaves and one that joins never make a rate negative', () => {
  const watch = watchRates();
  watch.add(sample(0, {}, { r: { A: 100 }, s: { A: 50 } }));
  watch.add(sample(1, {}, { r: { A: 3 }, s: { A: 50 } }));
  expect(watch.rates(all)).toEqual({ rateIn: 3, rateOut: 3 });
  watch.add(sample(2, {}, { r: { A: 3 } }));
  expect(watch.rates(all)).toEqual({ rateIn: 1.5, rateOut: 1.5 });
  watch.add(sample(3, {}, { r: { A: 3 }, t: { A: 6 } }));
  expect(watch.rates(all)).toEqual({ rateIn: 3, rateOut: 3 });
});

test('rows that went before the relay has counted them do not make a rate negative', () => {
  const watch = watchRates();
  watch.add(sample(0, { A: 10 }, { r: { A: 0 } }));
  watch.add(sample(1, { A: 0 }, { r: { A: 0 } }));
  expect(watch.rates(all)).toEqual({ rateIn: 0, rateOut: 0 });
});
