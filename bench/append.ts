// What an append costs the monolith: the same transaction with and without one, in turns, on one connection:
// `npm run bench:append -- [--transactions 2000] [--rounds 5] [--database <url>]… [--json]`. Each server named is
// measured, else a private MariaDB or MySQL. docs/performance.md has a run.
import { randomBytes } from 'node:crypto';
import { parseArgs } from 'node:util';
import type { RowDataPacket } from 'mysql2/promise';
import { install } from '../control-plane/install/index.ts';
import { startDatabase } from '../demo/servers/database.ts';
import { append } from '../outbox/index.ts';
import { inTransaction, openDatabase, type Connection, type Database } from '../runtime/database.ts';
import { spread, type Spread } from './gateway/ratios.ts';

const { values } = parseArgs({
  options: {
    /** Of each kind in each round. */
    transactions: { type: 'string', default: '2000' },
    rounds: { type: 'string', default: '5' },
    database: { type: 'string', multiple: true },
    json: { type: 'boolean', default: false },
  },
});
const [transactions, rounds] = [Number(values.transactions), Number(values.rounds)];
const ORDERS = 1_000;

/** What the monolith does anyway: locks and changes an order, and adds a line to it. */
async function change(connection: Connection, n: number): Promise<void> {
  const id = 1 + (n % ORDERS);
  await connection.query('SELECT status FROM shop_order WHERE id = ? FOR UPDATE', [id]);
  await connection.query('UPDATE shop_order SET status = ?, total = total + 1 WHERE id = ?', [n % 5, id]);
  await connection.query('INSERT INTO shop_order_line (order_id, sku, quantity) VALUES (?, ?, ?)', [
    id,
    `B-${n}`,
    1,
  ]);
}

async function changeAndAppend(connection: Connection, n: number): Promise<void> {
  await change(connection, n);
  await append((sql, parameters) => connection.query(sql, parameters), {
    type: 'OrderChanged',
    aggregate: { type: 'order', id: 1 + (n % ORDERS) },
    data: { n, status: 'placed', lines: [{ sku: `B-${n}`, quantity: 1 }], note: 'lorem ipsum '.repeat(20) },
  });
}

/** Milliseconds of one transaction with each kind of work, which take turns so that both meet the same weather. */
async function measure(database: Database, from: number): Promise<{ without: number; with: number }> {
  const took = { without: 0, with: 0 };
  for (let n = from; n < from + transactions; n++) {
    const kinds = [['without', change] as const, ['with', changeAndAppend] as const];
    for (const [kind, work] of n % 2 ? kinds : kinds.toReversed()) {
      const startedAt = performance.now();
      await inTransaction(database, (connection) => work(connection, n));
      took[kind] += performance.now() - startedAt;
    }
  }
  return { without: took.without / transactions, with: took.with / transactions };
}

interface Report {
  readonly server: string;
  /** Milliseconds of a transaction. */
  readonly without: Spread;
  readonly with: Spread;
  /** With over without, round by round. */
  readonly ratio: Spread;
}

async function report(url: string): Promise<Report> {
  const name = `banyan_bench_${randomBytes(4).toString('hex')}`;
  const server = openDatabase(url, { connections: 1 });
  await server.query(`CREATE DATABASE ${name} CHARACTER SET utf8mb4`);
  const own = `${url.replace(/\/$/, '')}/${name}`;
  await install({ url: own, set: 'outbox' });
  const database = openDatabase(own, { connections: 1 });
  try {
    await database.query(
      'CREATE TABLE shop_order (id INT PRIMARY KEY, status INT NOT NULL, total INT NOT NULL)',
    );
    await database.query(
      `CREATE TABLE shop_order_line (id INT AUTO_INCREMENT PRIMARY KEY, order_id INT NOT NULL, sku VARCHAR(32),
                                     quantity INT, KEY (order_id))`,
    );
    const orders = Array.from({ length: ORDERS }, (_, index) => [index + 1, 0, 0]);
    await database.query('INSERT INTO shop_order VALUES ?', [orders]);
    await measure(database, 0);
    const times = [];
    for (let round = 1; round <= rounds; round++) times.push(await measure(database, round * transactions));
    const [rows] = await database.query<RowDataPacket[]>('SELECT VERSION() AS version');
    return {
      server: String(rows[0]!['version']),
      without: spread(times.map((time) => time.without)),
      with: spread(times.map((time) => time.with)),
      ratio: spread(times.map((time) => time.with / time.without)),
    };
  } finally {
    await database.end();
    await server.query(`DROP DATABASE ${name}`);
    await server.end();
  }
}

const own = values.database === undefined ? await startDatabase(undefined, { durable: true }) : undefined;
try {
  const reports: Report[] = [];
  for (const url of values.database ?? [own!.url]) reports.push(await report(url));
  if (values.json) process.stdout.write(`${JSON.stringify(reports, undefined, 2)}\n`);
  else
    for (const { server, ratio, ...times } of reports)
      process.stdout.write(
        `${server}: ${times.without.median.toFixed(2)} ms without an append, ${times.with.median.toFixed(2)} ms with one; ` +
          `ratio ${ratio.median.toFixed(2)} (${ratio.min.toFixed(2)}..${ratio.max.toFixed(2)})\n`,
      );
} finally {
  await own?.stop();
}
