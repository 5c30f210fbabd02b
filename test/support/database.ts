import { randomBytes } from 'node:crypto';
import { readFile, readdir } from 'node:fs/promises';
import { createConnection } from 'mysql2/promise';
import { afterAll, inject } from 'vitest';

/** Milliseconds that a busy machine may take to connect. */
const PATIENCE = 60_000;

/**
 * A new, empty database on the run's server, with the named sets of Banyan's tables; dropped after the file.
 * Returns its URL.
 */
export async function freshDatabase(...sets: ('outbox' | 'inbox' | 'control')[]): Promise<string> {
  const server = inject('databaseServer');
  const url = await createDatabase(server, ...sets);
  const name = url.slice(server.length + 1);
  afterAll(async () => {
    const last = await createConnection({ uri: server, connectTimeout: PATIENCE });
    await last.query(`DROP DATABASE IF EXISTS ${name}`);
    await last.end();
  });
  return url;
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
  for (const set of sets) await connection.query(await migrationSql(set));
  await connection.end();
  return `${server}/${name}`;
}

async function migrationSql(set: string): Promise<string> {
  const folder = new URL('../../prisma/migrations/', import.meta.url);
  const names = (await readdir(folder)).filter((name) => name.endsWith(`_${set}`)).toSorted();
  const texts = await Promise.all(
    names.map((name) => readFile(new URL(`${name}/migration.sql`, folder), 'utf8')),
  );
  return texts.join('\n');
}
