import type { RowDataPacket } from 'mysql2/promise';
import { inTransaction, type Database } from '../../runtime/database.ts';

/** One thing that a customer of the shop did, as Sakila has it; dates are UTC text. */
export type Deed =
  | {
      readonly kind: 'rental';
      readonly id: number;
      readonly customer: number;
      readonly at: string;
      readonly inventory: number;
      readonly returned: string | null;
      readonly staff: number;
    }
  | {
      readonly kind: 'payment';
      readonly id: number;
      readonly customer: number;
      readonly at: string;
      readonly rental: number | null;
      /** Exact, as text: `4.99`. */
      readonly amount: string;
      readonly staff: number;
    };

/**
 * Takes all rentals and payments out of Sakila's tables, in date order; of the same second, a rental comes before
 * the payment that refers to it. Returned are those of the first `customers`.
 */
export async function takeDeeds(sakila: Database, customers = Infinity): Promise<Deed[]> {
  return inTransaction(sakila, async (connection) => {
    const [rentals] = await connection.query<RowDataPacket[]>(
      `SELECT 'rental' AS kind, rental_id AS id, customer_id AS customer, rental_date AS at,
              inventory_id AS inventory, return_date AS returned, staff_id AS staff FROM rental`,
    );
    const [payments] = await connection.query<RowDataPacket[]>(
      `SELECT 'payment' AS kind, payment_id AS id, customer_id AS customer, payment_date AS at,
              rental_id AS rental, amount, staff_id AS staff FROM payment`,
    );
    await connection.query('DELETE FROM payment');
    await connection.query('DELETE FROM rental');
    return ([...rentals, ...payments] as unknown as Deed[])
      .filter(({ customer }) => customer <= customers)
      .toSorted(
        (a, b) => compare(a.at, b.at) || compare(b.kind, a.kind) || a.id - b.id, // 'rental' > 'payment'
      );
  });
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
