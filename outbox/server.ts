import type { RowDataPacket } from 'mysql2/promise';
import type { Database } from '../runtime/database.ts';
import { withConnection } from '../runtime/with-connection.ts';
import { runStatement } from './run-statement.ts';

/** What tells one server from another, and whether it takes writes: variables that every user may read. */
export const SERVER_VARIABLES = `SHOW GLOBAL VARIABLES WHERE Variable_name IN ('server_uuid', 'server_id', 'hostname',
  'port', 'datadir', 'read_only', 'super_read_only', 'innodb_read_only')`;

/** A server as it is now, and what the outbox remembers of the one that it was on. */
export interface ServerSeen {
  /** Of the server that answered: MySQL's `server_uuid`; MariaDB has none, there it is host, port, folder and id. */
  readonly server: string;
  /** The variable that keeps it from taking writes; undefined while it takes them. */
  readonly readOnly: string | undefined;
  /** Undefined before the first relay. */
  readonly known:
    | {
        readonly server: string;
        readonly beat: number;
        /** Of that beat, in UTC. */
        readonly beatAt: string;
        /** Why a relay stopped all of them; null while none did. */
        readonly stopped: string | null;
      }
    | undefined;
}

/** Both on one connection: of two, the other might have gone to another server. */
export async function readServer(database: Database, timeout?: number): Promise<ServerSeen> {
  return withConnection(
    database,
    async (connection) => {
      const [variables] = await connection.query<RowDataPacket[]>(SERVER_VARIABLES);
      const [rows] = await connection.query<RowDataPacket[]>(
        'SELECT server, beat, beat_at AS beatAt, stopped FROM banyan_outbox_server WHERE id = 1',
      );
      const row = rows[0] as ServerSeen['known'];
      return { ...describeServer(variables), known: row && { ...row, beat: Number(row.beat) } };
    },
    { what: 'looking at the server', ...(timeout === undefined ? {} : { timeout }) },
  );
}

/** What the rows of SERVER_VARIABLES say. */
export function describeServer(
  rows: readonly Readonly<Record<string, unknown>>[],
): Pick<ServerSeen, 'server' | 'readOnly'> {
  const of = Object.fromEntries(rows.map((row) => Object.values(row).map(String)) as [string, string][]);
  const on = ['innodb_read_only', 'super_read_only', 'read_only'].find(
    (name) => !['OFF', '0', undefined].includes(of[name]),
  );
  return {
    server:
      of['server_uuid'] ?? `${of['hostname']}:${of['port']} ${of['datadir']} (server_id ${of['server_id']})`,
    readOnly: on && `${on} is ${of[on]}`,
  };
}

/** Remembers the first server; one that is remembered stays. */
export async function rememberServer(database: Database, server: string, by: string): Promise<void> {
  await runStatement(
    database,
    'INSERT IGNORE INTO banyan_outbox_server (id, server, accepted_by) VALUES (1, ?, ?)',
    [server, by],
  );
}

/** A sign of life. It only grows, so a server on which it is lower has lost what came between. */
export async function beat(database: Database, timeout?: number): Promise<void> {
  await runStatement(
    database,
    'UPDATE banyan_outbox_server SET beat = beat + 1, beat_at = CURRENT_TIMESTAMP(6) WHERE id = 1',
    [],
    timeout,
  );
}

/** Stops every relay until the server is accepted; the first reason stays. */
export async function stopRelays(database: Database, why: string): Promise<void> {
  await runStatement(
    database,
    'UPDATE banyan_outbox_server SET stopped = ? WHERE id = 1 AND stopped IS NULL',
    [why.slice(0, 500)],
  );
}

/** Above every beat that a relay can remember: what is accepted is not behind for any of them. */
const LEAP = 1_000_000_000;

/** Takes this server as the one to go on from, and lets the relays go on. */
export async function acceptServer(
  database: Database,
  { server, by, reason }: { readonly server: string; readonly by: string; readonly reason: string },
): Promise<void> {
  await runStatement(
    database,
    `INSERT INTO banyan_outbox_server (id, server, beat, accepted_by, reason) VALUES (1, ?, ${LEAP}, ?, ?)
     ON DUPLICATE KEY UPDATE server = VALUES(server), beat = beat + ${LEAP}, stopped = NULL,
       accepted_at = CURRENT_TIMESTAMP(6), accepted_by = VALUES(accepted_by), reason = VALUES(reason)`,
    [server, by.slice(0, 190), reason.slice(0, 500)],
  );
}
