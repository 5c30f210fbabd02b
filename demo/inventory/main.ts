// The inventory service as a process: HTTP in front, the consumer behind. All it needs comes from the environment.
import { createServer } from 'node:http';
import { createConsumer, mysqlInbox } from '../../consumer/index.ts';
import { parseAddress } from '../../runtime/address.ts';
import { openDatabase } from '../../runtime/database.ts';
import { listen } from '../../runtime/ops-server.ts';
import { shutdownSignal } from '../../runtime/shutdown.ts';
import { requiredVariable } from '../required-variable.ts';
import { serveLive } from '../live/serve-live.ts';
import { createInventory } from './app.ts';
import { handlers } from './handlers.ts';
import { slowly } from './slowly.ts';
import { keysAt } from './identity.ts';
import { live } from './live.ts';

const stopped = shutdownSignal();
const database = openDatabase(requiredVariable('INVENTORY_DATABASE'));
const consumer = createConsumer({
  application: 'inventory',
  stream: { name: requiredVariable('STREAM'), region: 'us-east-1', endpoint: process.env['STREAM_ENDPOINT'] },
  handlers: slowly(handlers, Number(process.env['DELAY'] ?? 0)),
  inbox: mysqlInbox(database),
  report: { url: requiredVariable('BANYAN_ADMIN'), token: requiredVariable('BANYAN_TOKEN') },
  poll: Number(process.env['POLL'] ?? 250),
  ops: requiredVariable('INVENTORY_OPS'),
});
const server = createServer(createInventory(database, keysAt(requiredVariable('IDENTITY_KEYS'))));
const watched = serveLive(server, { side: 'inventory-service', admit: live(database) });
const { host, port } = parseAddress(requiredVariable('INVENTORY_LISTEN'));
await listen(server, host, port);
await consumer.start();
stopped.addEventListener('abort', () => void stop());

async function stop(): Promise<void> {
  server.close();
  server.closeIdleConnections();
  await watched.close();
  await consumer.stop();
  await database.end();
}
