import type { RowDataPacket } from 'mysql2/promise';
import type { Connection } from '../../runtime/database.ts';
import { InstallError } from './table-set.ts';

/**
 * The triggers and routines of the server that name `banyan_outbox` of this database, each as a line to read.
 * Throws InstallError when the user isn't allowed to see the triggers: none seen would prove nothing.
 */
export async function capturesOf(
  connection: Connection,
  { database, user }: { database: string; user: string },
): Promise<string[]> {
  if (!maySeeTriggers(await grantsOf(connection), database)) {
    const [name, host] = user.split('@');
    throw new InstallError(
      `nothing was dropped: ${user} can't see whether triggers write to the outbox. ` +
        `Required is GRANT TRIGGER ON \`${database}\`.* TO '${name}'@'${host}'`,
    );
  }
  const [rows] = await connection.query<RowDataPacket[]>(
    `SELECT CONCAT('trigger ', trigger_schema, '.', trigger_name, ' on ', event_object_schema, '.', event_object_table) AS line,
            trigger_schema AS db, action_statement AS body
       FROM information_schema.triggers WHERE action_statement LIKE '%banyan\\_outbox%'
      UNION ALL
     SELECT CONCAT(LOWER(routine_type), ' ', routine_schema, '.', routine_name), routine_schema, routine_definition
       FROM information_schema.routines WHERE routine_definition LIKE '%banyan\\_outbox%'`,
  );
  return rows
    .filter(({ db, body }) => db === database || String(body).includes(database))
    .map(({ line }) => String(line))
    .toSorted();
}

/** The lines of SHOW GRANTS for the connection, those of its current role included. */
export async function grantsOf(connection: Connection): Promise<string[]> {
  const [[role]] = await connection.query<RowDataPacket[]>(
    'SELECT CURRENT_ROLE() AS role, VERSION() AS version',
  );
  // MariaDB lists the current role's grants by itself, MySQL only when asked.
  const using =
    role!['role'] === null || role!['role'] === 'NONE' || String(role!['version']).includes('MariaDB')
      ? ''
      : ` FOR CURRENT_USER() USING ${role!['role']}`;
  const [rows] = await connection.query<RowDataPacket[]>(`SHOW GRANTS${using}`);
  return rows.map((row) => String(Object.values(row)[0]));
}

/** Whether one of the grants, as SHOW GRANTS writes them, gives TRIGGER on the whole database. */
export function maySeeTriggers(grants: readonly string[], database: string): boolean {
  return grants.some((grant) => {
    const [, rights, on] = /^GRANT (.*?) ON (\*\.\*|`(?:[^`]|``)*`\.\*) TO /.exec(grant) ?? [];
    if (rights === undefined || on === undefined) return false;
    if (!/(^|, )(TRIGGER|ALL PRIVILEGES)(,|$)/.test(rights)) return false;
    if (on === '*.*') return true;
    // The name is a LIKE pattern.
    const pattern = on
      .slice(1, -3)
      .replaceAll('``', '`')
      .replaceAll(/\\([_%])|([_%])|([^\w])/g, (_, escaped, wild, other) =>
        escaped ? escaped : wild ? (wild === '_' ? '.' : '.*') : `\\${other}`,
      );
    return new RegExp(`^${pattern}$`, 's').test(database);
  });
}
