import type { RowDataPacket } from 'mysql2/promise';
import type { Database } from '../../runtime/database.ts';
import type { Deed } from './deeds.ts';

interface Totals {
  readonly rentals: number;
  readonly payments: number;
  /** Exact, as text. */
  readonly paid: string;
}

/** What differs between Sakila and what was rebuilt from its events; empty when nothing does. */
export async function verify(
  sakila: Database,
  rebuilt: Database,
  deeds: readonly Deed[],
): Promise<{ differences: string[]; customers: number }> {
  const expected = await totalsOf(
    sakila,
    `SELECT c.customer_id AS customer,
            (SELECT COUNT(*) FROM rental r WHERE r.customer_id = c.customer_id) AS rentals,
            (SELECT COUNT(*) FROM payment p WHERE p.customer_id = c.customer_id) AS payments,
            (SELECT CAST(COALESCE(SUM(p.amount), 0) AS DECIMAL(12, 2)) FROM payment p WHERE p.customer_id = c.customer_id) AS paid
       FROM customer c HAVING rentals + payments > 0`,
  );
  const found = await totalsOf(
    rebuilt,
    'SELECT customer_id AS customer, rentals, payments, paid FROM customer_totals',
  );
  return {
    differences: [
      ...compareTotals(expected, found),
      ...compareOrder(deeds, await historyOf(rebuilt)),
      ...compareCount(deeds, expected),
    ],
    customers: expected.size,
  };
}

/** Customer by customer. */
export function compareTotals(
  expected: ReadonlyMap<number, Totals>,
  found: ReadonlyMap<number, Totals>,
): string[] {
  const text = (totals: Totals | undefined) =>
    totals ? `${totals.rentals} rentals, ${totals.payments} payments, ${totals.paid} paid` : 'nothing';
  return [...new Set([...expected.keys(), ...found.keys()])].flatMap((customer) => {
    const there = text(expected.get(customer));
    const here = text(found.get(customer));
    return there === here ? [] : [`customer ${customer}: Sakila has ${there}; rebuilt were ${here}`];
  });
}

/** Each customer's events must have been handled once each, in the order in which he did what they tell of. */
export function compareOrder(
  deeds: readonly Pick<Deed, 'customer' | 'kind' | 'id'>[],
  history: readonly Pick<Deed, 'customer' | 'kind' | 'id'>[],
): string[] {
  const told = Map.groupBy(deeds, ({ customer }) => customer);
  const handled = Map.groupBy(history, ({ customer }) => customer);
  return [...new Set([...told.keys(), ...handled.keys()])].flatMap((customer) => {
    const name = (deed: Pick<Deed, 'kind' | 'id'> | undefined) =>
      deed ? `${deed.kind} ${deed.id}` : 'nothing';
    const wanted = told.get(customer) ?? [];
    const got = handled.get(customer) ?? [];
    const length = Math.max(wanted.length, got.length);
    for (let index = 0; index < length; index++)
      if (name(wanted[index]) !== name(got[index]))
        return [
          `customer ${customer}: event ${index + 1} should be ${name(wanted[index])}; handled was ${name(got[index])}`,
        ];
    return [];
  });
}

/** Nothing may have got lost on the way into Sakila either. */
function compareCount(deeds: readonly Deed[], totals: ReadonlyMap<number, Totals>): string[] {
  const all = [...totals.values()];
  return (['rental', 'payment'] as const).flatMap((kind) => {
    const sent = deeds.filter((deed) => deed.kind === kind).length;
    const stored = all.reduce((sum, one) => sum + one[`${kind}s`], 0);
    return sent === stored ? [] : [`${sent} ${kind}s were sent; Sakila has ${stored}`];
  });
}

async function totalsOf(database: Database, sql: string): Promise<Map<number, Totals>> {
  const [rows] = await database.query<RowDataPacket[]>(sql);
  return new Map(
    rows.map((row) => [
      Number(row['customer']),
      { rentals: Number(row['rentals']), payments: Number(row['payments']), paid: String(row['paid']) },
    ]),
  );
}

async function historyOf(rebuilt: Database): Promise<Pick<Deed, 'customer' | 'kind' | 'id'>[]> {
  const [rows] = await rebuilt.query<RowDataPacket[]>(
    'SELECT customer_id AS customer, kind, id FROM customer_history ORDER BY position',
  );
  return rows as unknown as Pick<Deed, 'customer' | 'kind' | 'id'>[];
}
