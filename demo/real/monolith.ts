import { createServer, type Server } from 'node:http';
import express, { type NextFunction, type Request, type Response } from 'express';
import { append, type NewEvent } from '../../outbox/index.ts';
import { inTransaction, type Connection, type Database } from '../../runtime/database.ts';
import type { Deed } from './deeds.ts';

/** A thin monolith over the Sakila schema: it writes Sakila's own tables and appends the event in the same transaction. */
export function sakilaMonolith(sakila: Database): Server {
  const app = express().use(express.json());
  app.post('/rentals', async (request, response) => {
    const rental = request.body as Extract<Deed, { kind: 'rental' }>;
    await record(sakila, rental, async (connection) => {
      await connection.execute(
        'INSERT INTO rental (rental_id, rental_date, inventory_id, customer_id, return_date, staff_id) VALUES (?, ?, ?, ?, ?, ?)',
        [rental.id, rental.at, rental.inventory, rental.customer, rental.returned, rental.staff],
      );
      return {
        type: 'RentalRecorded',
        data: { rental: rental.id, inventory: rental.inventory, staff: rental.staff },
      };
    });
    response.status(201).end();
  });
  app.post('/payments', async (request, response) => {
    const payment = request.body as Extract<Deed, { kind: 'payment' }>;
    await record(sakila, payment, async (connection) => {
      await connection.execute(
        'INSERT INTO payment (payment_id, customer_id, staff_id, rental_id, amount, payment_date) VALUES (?, ?, ?, ?, ?, ?)',
        [payment.id, payment.customer, payment.staff, payment.rental, payment.amount, payment.at],
      );
      return {
        type: 'PaymentReceived',
        data: { payment: payment.id, rental: payment.rental, amount: payment.amount },
      };
    });
    response.status(201).end();
  });
  app.use((error: Error, _request: Request, response: Response, _next: NextFunction) => {
    response.status(500).type('text').send(error.message);
  });
  return createServer(app);
}

/** The customer's row is locked before anything is written: a customer's events are in the order of its commits. */
function record(
  sakila: Database,
  deed: Deed,
  write: (connection: Connection) => Promise<Pick<NewEvent, 'type' | 'data'>>,
): Promise<unknown> {
  return inTransaction(sakila, async (connection) => {
    await connection.execute('SELECT customer_id FROM customer WHERE customer_id = ? FOR UPDATE', [
      deed.customer,
    ]);
    const event = await write(connection);
    await append((sql, values) => connection.execute(sql, values), {
      ...event,
      aggregate: { type: 'customer', id: deed.customer },
      source: '/sakila',
      time: new Date(`${deed.at.replace(' ', 'T')}Z`),
    });
  });
}
