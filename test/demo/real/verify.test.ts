import { expect, test } from 'vitest';
import { compareOrder, compareTotals } from '../../../demo/real/verify.ts';

const totals = (rentals: number, payments: number, paid: string) => ({ rentals, payments, paid });

test('equal totals differ in nothing', () => {
  const both = new Map([[1, totals(2, 2, '9.98')]]);
  expect(compareTotals(both, new Map(both))).toEqual([]);
});

test('each customer whose totals differ is named, a cent and a missing customer included', () => {
  const expected = new Map([
    [1, totals(2, 2, '9.98')],
    [2, totals(1, 1, '0.99')],
  ]);
  const found = new Map([
    [1, totals(2, 2, '9.97')],
    [3, totals(1, 0, '0.00')],
  ]);
  expect(compareTotals(expected, found)).toEqual([
    'customer 1: Sakila has 2 rentals, 2 payments, 9.98 paid; rebuilt were 2 rentals, 2 payments, 9.97 paid',
    'customer 2: Sakila has 1 rentals, 1 payments, 0.99 paid; rebuilt were nothing',
    'customer 3: Sakila has nothing; rebuilt were 1 rentals, 0 payments, 0.00 paid',
  ]);
});

const deed = (customer: number, id: number) => ({ customer, kind: 'rental' as const, id });

test('customers may be interleaved in any way; within one customer the order counts', () => {
  const told = [deed(1, 10), deed(2, 11), deed(1, 12), deed(2, 13)];
  expect(compareOrder(told, [deed(2, 11), deed(2, 13), deed(1, 10), deed(1, 12)])).toEqual([]);
  expect(compareOrder(told, [deed(1, 12), deed(1, 10), deed(2, 11), deed(2, 13)])).toEqual([
    'customer 1: event 1 should be rental 10; handled was rental 12',
  ]);
});

test('an event that is lost or was handled twice is found', () => {
  expect(compareOrder([deed(1, 10), deed(1, 11)], [deed(1, 10)])).toEqual([
    'customer 1: event 2 should be rental 11; handled was nothing',
  ]);
  expect(compareOrder([deed(1, 10)], [deed(1, 10), deed(1, 10)])).toEqual([
    'customer 1: event 2 should be nothing; handled was rental 10',
  ]);
});
