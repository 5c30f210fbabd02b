// The monolith as a process of its own: `node monolith-main.ts <database URL> <port>`.
import { openDatabase } from '../../runtime/database.ts';
import { listen } from '../../runtime/ops-server.ts';
import { shutdownSignal } from '../../runtime/shutdown.ts';
import { sakilaMonolith } from './monolith.ts';

const [url = '', port] = process.argv.slice(2);
const sakila = openDatabase(url, { connections: 24 });
const server = sakilaMonolith(sakila);
await listen(server, '127.0.0.1', Number(port));
shutdownSignal().addEventListener('abort', () => {
  server.close(() => void sakila.end());
  server.closeIdleConnections();
});
