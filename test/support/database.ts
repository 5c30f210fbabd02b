import { randomBytes } from 'node:crypto';
import { createConnection } from 'mysql2/promise';
import { afterAll, expect, inject } from 'vitest';
import { makeTables } from './schema.ts';

/** Milliseconds that a busy machine may take to connect. */
const PATIENCE = 60_000;

/** What must not need SKIP LOCKED: in these folders' tests the database is behind the tap, where the run has one. */
const TAPPED = /\/test\/(outbox|relay)\//;

/**
 * A new, empty database on the run's server, with the named sets of Banyan's tables; dropped after the file.
 * Returns its URL.
 */
export async function freshDatabase(...sets: ('outbox' | 'inbox' | 'control')[]): Promise<string> {
  const server = inject('databaseServer');
  const url = await createDatabase(server, ...sets);
  const name = url.slice(server.length + 1);
  const tapped = TAPPED.test(expect.getState().testPath ?? '') ? inject('tappedServer') : server;
  afterAll(async () => {
    const last = await createConnection({ uri: server, connectTimeout: PATIENCE });
    await last.query(`DROP DATABASE IF EXISTS ${name}`);
    await last.end();
  });
  return `${tapped}/${name}`;
}

/** The same on any server, and left there: for a server that the test itself starts and stops. */
export async function createDatabase(
  server: string,
  ...sets: ('outbox' | 'inbox' | 'control')[]
): Promise<string> {
  const name = `banyan_${randomBytes(6).toString('hex')}`;
  const connection = await createConnection({
    uri: server,
    connectTimeout: PATIENCE,
    multipleStatements: true,
  });
  await connection.query(`CREATE DATABASE ${name} CHARACTER SET utf8mb4`);
  await connection.query(`USE ${name}`);
  await makeTables(connection, server, sets);
  await connection.end();
  return `${server}/${name}`;
}
