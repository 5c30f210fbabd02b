// The shop as a process: `SHOP_DATABASE=mysql://… SHOP_LISTEN=127.0.0.1:3000 node demo/shop/main.ts`.
import { createServer } from 'node:http';
import { parseAddress } from '../../runtime/address.ts';
import { openDatabase } from '../../runtime/database.ts';
import { listen } from '../../runtime/ops-server.ts';
import { shutdownSignal } from '../../runtime/shutdown.ts';
import { serveLive } from '../live/serve-live.ts';
import { createShop } from './app.ts';
import { live } from './live.ts';

const { SHOP_DATABASE: databaseUrl, SHOP_LISTEN: address = '127.0.0.1:3000' } = process.env;
if (!databaseUrl)
  throw new Error("SHOP_DATABASE is not set; it is the shop's database, mysql://user@host:port/name");

const stopped = shutdownSignal();
const database = openDatabase(databaseUrl);
const server = createServer(createShop(database));
const watched = serveLive(server, { side: 'monolith', admit: live(database) });
const { host, port } = parseAddress(address);
await listen(server, host, port);
stopped.addEventListener('abort', () => {
  void watched.close();
  server.close(() => void database.end());
  server.closeIdleConnections();
});
