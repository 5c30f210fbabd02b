import { PrismaMariaDb } from '@prisma/adapter-mariadb';
import { PrismaClient } from './prisma-client/client.ts';

/**
 * A Prisma client for `mysql://user:password@host:port/database`. It never waits for long: a server that doesn't
 * answer for 5 s counts as away.
 *
 * The session stays as the server made it, in the server's time zone: a statement that the driver sends of its
 * own after the handshake (session variables, SET NAMES) ends the process with an unhandled rejection when
 * the server goes away in that moment (mariadb 3.4.5). A collation numbered below 256 needs no SET NAMES.
 */
export function openPrisma(database: string): PrismaClient {
  const url = new URL(database);
  const options = {
    connectionLimit: '5',
    minimumIdle: '1',
    connectTimeout: '2000',
    acquireTimeout: '3000',
    socketTimeout: '5000',
    collation: 'UTF8MB4_BIN',
    // As mysql2 does: a password of MySQL's default kind can't be sent without TLS otherwise.
    allowPublicKeyRetrieval: 'true',
  };
  for (const [name, value] of Object.entries(options)) {
    if (!url.searchParams.has(name)) url.searchParams.set(name, value);
  }
  return new PrismaClient({
    adapter: new PrismaMariaDb(url.toString(), { onConnectionError: () => {} }),
    transactionOptions: { maxWait: 5_000, timeout: 10_000 },
    log: [],
  });
}
