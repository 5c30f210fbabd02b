import type { CloudEvent, Connection, Database } from '../../consumer/index.ts';

const TABLES = [
  `CREATE TABLE customer_totals (
     customer_id INT NOT NULL PRIMARY KEY,
     rentals INT NOT NULL,
     payments INT NOT NULL,
     paid DECIMAL(12, 2) NOT NULL
   ) ENGINE=InnoDB`,
  // What was handled, in the order in which it was: the proof of order, and the lag of each event.
  `CREATE TABLE customer_history (
     position BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY,
     customer_id INT NOT NULL,
     kind VARCHAR(10) NOT NULL,
     id INT NOT NULL,
     recorded_at TIMESTAMP(6) NOT NULL,
     handled_at TIMESTAMP(6) NOT NULL DEFAULT CURRENT_TIMESTAMP(6)
   ) ENGINE=InnoDB`,
];

export async function createRebuiltTables(database: Database): Promise<void> {
  for (const table of TABLES) await database.query(table);
}

/** "Rentals and payments per customer", rebuilt from events alone. */
export const rebuildHandlers = {
  async RentalRecorded(event: CloudEvent, tx: Connection): Promise<void> {
    const { rental } = event.data as { rental: number };
    await remember(tx, event, 'rental', rental);
    await add(tx, event, { rentals: 1, payments: 0, paid: '0' });
  },
  async PaymentReceived(event: CloudEvent, tx: Connection): Promise<void> {
    const { payment, amount } = event.data as { payment: number; amount: string };
    await remember(tx, event, 'payment', payment);
    await add(tx, event, { rentals: 0, payments: 1, paid: amount });
  },
};

async function remember(tx: Connection, event: CloudEvent, kind: string, id: number): Promise<void> {
  await tx.execute('INSERT INTO customer_history (customer_id, kind, id, recorded_at) VALUES (?, ?, ?, ?)', [
    event.subject,
    kind,
    id,
    event.recordedtime.replace('T', ' ').replace('Z', ''),
  ]);
}

async function add(
  tx: Connection,
  event: CloudEvent,
  { rentals, payments, paid }: { rentals: number; payments: number; paid: string },
): Promise<void> {
  await tx.execute(
    `INSERT INTO customer_totals (customer_id, rentals, payments, paid) VALUES (?, ?, ?, ?)
     ON DUPLICATE KEY UPDATE rentals = rentals + VALUES(rentals), payments = payments + VALUES(payments),
       paid = paid + VALUES(paid)`,
    [event.subject, rentals, payments, paid],
  );
}
