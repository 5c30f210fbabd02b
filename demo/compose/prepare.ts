// Makes what docker-compose.yml's processes need: stream, databases, Banyan's tables, capture, the shop's first data.
// Run again it does nothing; what a broken run left half-done it drops and makes anew.
import type { RowDataPacket } from 'mysql2/promise';
import { openDatabase } from '../../runtime/database.ts';
import { shutdownSignal } from '../../runtime/shutdown.ts';
import { createStream } from '../create-stream.ts';
import { prepareShop } from '../prepare-shop.ts';
import { requiredVariable } from '../required-variable.ts';
import { openBanyan } from '../run-banyan.ts';
import { PRODUCTS } from '../shop/seed.ts';
import { openTerminal } from '../terminal.ts';

const terminal = openTerminal();
const urls = ['SHOP_DATABASE', 'INVENTORY_DATABASE', 'CONTROL_DATABASE'].map(requiredVariable);
const [shopUrl = '', inventoryUrl = ''] = urls;
await createStream(requiredVariable('STREAM_ENDPOINT'), requiredVariable('STREAM'), 2);

const server = openDatabase(new URL('/', shopUrl).href, { connections: 1 });
const names = urls.map((url) => new URL(url).pathname.slice(1));
if (await isPrepared(names[0]!)) {
  terminal.say('the databases are there already');
} else {
  for (const name of names) {
    await server.query(`DROP DATABASE IF EXISTS \`${name}\``);
    await server.query(`CREATE DATABASE \`${name}\` CHARACTER SET utf8mb4`);
  }
  const shop = openDatabase(shopUrl, { connections: 1 });
  const inventory = openDatabase(inventoryUrl, { connections: 1 });
  const banyan = openBanyan({
    config: requiredVariable('BANYAN_CONFIG'),
    token: requiredVariable('BANYAN_TOKEN'),
    terminal,
    signal: shutdownSignal(),
  });
  await prepareShop(banyan, { shop, inventory, inventoryUrl });
  await Promise.all([shop.end(), inventory.end()]);
  terminal.say(`made the databases ${names.join(', ')}`);
}
await server.end();

/** The last product is seeded last of all. */
async function isPrepared(shop: string): Promise<boolean> {
  const [tables] = await server.query<RowDataPacket[]>(
    "SELECT 1 FROM information_schema.tables WHERE table_schema = ? AND table_name = 'stock'",
    [shop],
  );
  if (tables.length === 0) return false;
  const [rows] = await server.query<RowDataPacket[]>(`SELECT COUNT(*) AS stocked FROM \`${shop}\`.stock`);
  return Number(rows[0]?.['stocked']) === PRODUCTS.length;
}
