import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createConnection } from 'mysql2/promise';
import { splitSql } from './split-sql.ts';

/**
 * Loads the Sakila schema and data from a folder into the database of `url`, which is empty. The script's own
 * DROP, CREATE and USE of a database named sakila are left out: nothing but the given database is touched.
 */
export async function loadSakila(folder: string, url: string): Promise<void> {
  const connection = await createConnection({ uri: url, charset: 'utf8mb4' });
  try {
    for (const file of ['sakila-schema.sql', 'sakila-data.sql']) {
      const script = await readFile(join(folder, file), 'utf8').catch((cause: Error) => {
        throw new Error(
          `can't read ${join(folder, file)}: ${cause.message}. Required: the folder with MySQL's sample database Sakila, sakila-schema.sql and sakila-data.sql`,
          { cause },
        );
      });
      for (const statement of splitSql(script)) {
        if (/^(DROP SCHEMA IF EXISTS|CREATE SCHEMA|USE) sakila$/i.test(statement)) continue;
        await connection.query(statement.replaceAll(/\bsakila\.(?=[a-z_]+ )/g, ''));
      }
    }
  } finally {
    await connection.end();
  }
}
