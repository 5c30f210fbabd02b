import type { RowDataPacket } from 'mysql2/promise';
import type { Connection, Database } from '../runtime/database.ts';
import { withConnection } from '../runtime/with-connection.ts';
import { limitedRead } from './limited-read.ts';

/**
 * Bytes that the outbox's tables take on the server's disk: of their files where this user may see them (PROCESS), else
 * by InnoDB's statistics, which are some ten percent behind at most. A file never shrinks by itself.
 */
export async function readOutboxBytes(database: Database, timeout = 5_000): Promise<number> {
  return withConnection(
    database,
    async (connection) => {
      const files = await bytesOfFiles(connection, timeout);
      const counted = await bytesCounted(connection, timeout);
      return Math.max(files, counted);
    },
    { what: 'measuring the outbox', timeout: timeout * 2 },
  );
}

/** 0 where they can't be seen, or their names are spelt otherwise on disk. */
async function bytesOfFiles(connection: Connection, timeout: number): Promise<number> {
  for (const table of ['innodb_tablespaces', 'innodb_sys_tablespaces']) {
    try {
      const [rows] = await connection.query<RowDataPacket[]>(
        limitedRead(
          `SELECT SUM(FILE_SIZE) AS bytes FROM information_schema.${table}
            WHERE NAME LIKE CONCAT(REPLACE(DATABASE(), '_', '\\\\_'), '/banyan\\\\_outbox%')`,
          timeout,
        ),
      );
      return Number(rows[0]?.['bytes'] ?? 0);
    } catch (error) {
      // No such table on this server, or no right to it.
      if (![1109, 1146, 1227, 1044].includes((error as { errno?: number }).errno ?? 0)) throw error;
    }
  }
  return 0;
}

async function bytesCounted(connection: Connection, timeout: number): Promise<number> {
  // MySQL would answer with what it knew a day ago; MariaDB has no such variable.
  await connection.query('SET SESSION information_schema_stats_expiry = 0').catch(() => {});
  const [rows] = await connection.query<RowDataPacket[]>(
    limitedRead(
      `SELECT SUM(DATA_LENGTH + INDEX_LENGTH) AS bytes FROM information_schema.TABLES
        WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME LIKE 'banyan\\_outbox%'`,
      timeout,
    ),
  );
  return Number(rows[0]?.['bytes'] ?? 0);
}
