import { readFile } from 'node:fs/promises';
import { append } from '../../outbox/index.ts';
import { inTransaction, type Database } from '../../runtime/database.ts';
import { moveStock } from './move-stock.ts';
import { hashPassword } from './passwords.ts';

/** Everybody's password, printed by the demo. */
export const PASSWORD = 'figtree';
export const STAFF = 'staff@shop.example';
export const CUSTOMERS = Array.from({ length: 20 }, (_, index) => `customer${index + 1}@shop.example`);

/** What a customer is called, who is none of the staff. */
export const nameOf = (email: string): string => `Customer ${CUSTOMERS.indexOf(email) + 1}`;

export const PRODUCTS = [
  [
    'banyan',
    'Banyan',
    'Ficus benghalensis',
    128,
    '34.00',
    'Sends roots down from its branches until they carry it. Grows around whatever stood there before.',
  ],
  [
    'strangler',
    'Strangler fig',
    'Ficus aurea',
    96,
    '29.50',
    'Begins as a seed in the crown of another tree. Needs patience and something to lean on.',
  ],
  [
    'fiddle',
    'Fiddle-leaf fig',
    'Ficus lyrata',
    110,
    '42.00',
    'Large leaves, strong opinions. Does not like to be moved.',
  ],
  [
    'rubber',
    'Rubber plant',
    'Ficus elastica',
    150,
    '19.90',
    'Forgives nearly everything, even the dark corner by the printer.',
  ],
  [
    'weeping',
    'Weeping fig',
    'Ficus benjamina',
    84,
    '24.00',
    'Drops its leaves at bad news and grows them again at good.',
  ],
  [
    'maidenhair',
    'Maidenhair fern',
    'Adiantum raddianum',
    140,
    '12.50',
    'Fine black stems, paper leaves. Thirsty at all times.',
  ],
  [
    'staghorn',
    'Staghorn fern',
    'Platycerium bifurcatum',
    72,
    '38.00',
    'Lives on a board on the wall. A guest that brings its own chair.',
  ],
  [
    'boston',
    'Boston fern',
    'Nephrolepis exaltata',
    120,
    '14.00',
    'The fern that grandmothers mean when they say fern.',
  ],
  [
    'monstera',
    'Swiss cheese plant',
    'Monstera deliciosa',
    160,
    '27.00',
    'Makes its own holes. Nobody has found the reason yet.',
  ],
  [
    'pothos',
    'Golden pothos',
    'Epipremnum aureum',
    60,
    '9.50',
    'Climbs, hangs, survives. The one to begin with.',
  ],
  [
    'zz',
    'Emerald palm',
    'Zamioculcas zamiifolia',
    136,
    '21.00',
    'Water it when you remember. It has not noticed that you forgot.',
  ],
  [
    'snake',
    'Snake plant',
    'Dracaena trifasciata',
    102,
    '16.00',
    'Stands upright and keeps its thoughts to itself.',
  ],
] as const;

/** Pieces of each product at the start. */
const INITIAL_STOCK = 400;

/** Makes the shop's tables in an empty database, as they were before anybody spoke of events. */
export async function createSchema(database: Database): Promise<void> {
  const schema = await readFile(new URL('./schema.sql', import.meta.url), 'utf8');
  const statements = schema.replace(/^--.*$/gm, '').split(';');
  for (const statement of statements.filter((text) => text.trim())) await database.query(statement);
}

/**
 * Fills the tables. Outbox and capture are installed by then, so that the first prices and stock levels go out
 * as events too: that is all the inventory service will ever know.
 */
export async function seed(database: Database): Promise<void> {
  const hash = await hashPassword(PASSWORD);
  await database.query('INSERT INTO users (email, name, password_hash, role) VALUES ?', [
    [[STAFF, 'Staff', hash, 'staff'], ...CUSTOMERS.map((email) => [email, nameOf(email), hash, 'customer'])],
  ]);
  for (const [sku, name, latin, hue, price, description] of PRODUCTS) {
    await inTransaction(database, async (connection) => {
      await connection.query(
        'INSERT INTO products (sku, name, latin, hue, price, description) VALUES (?, ?, ?, ?, ?, ?)',
        [sku, name, latin, hue, price, description],
      );
      await connection.query('INSERT INTO price_history (sku, price, changed_by) VALUES (?, ?, ?)', [
        sku,
        price,
        'import',
      ]);
      await connection.query('INSERT INTO stock (sku, quantity) VALUES (?, 0)', [sku]);
      const stocked = await moveStock(connection, { sku, delta: INITIAL_STOCK, reason: 'stocktaking' });
      await append((sql, values) => connection.query(sql, values), stocked);
    });
  }
}
