import type { RowDataPacket } from 'mysql2/promise';
import { inTransaction, type Connection, type Database } from '../runtime/database.ts';
import { withConnection } from '../runtime/with-connection.ts';
import { boundSession } from './bound-session.ts';
import { commitWith, enter, inboxKey, moveCheckpoint } from './handled-once.ts';
import type { Inbox } from './inbox.ts';
import { mysqlSequenceInbox } from './mysql-sequence-inbox.ts';

/**
 * The inbox in a MySQL or MariaDB database that has the tables of `banyan install inbox`. The handler gets a
 * connection with an open transaction; it must not commit, roll back or change the schema. Sets `wait_timeout` and
 * `innodb_lock_wait_timeout` of the sessions that it uses: none of them outlives the consumer's `timeout` by much.
 */
export function mysqlInbox(database: Database): Inbox<Connection> {
  return {
    checkpoint: ({ application, stream, shard }, limit) =>
      withConnection(
        database,
        async (connection) => {
          const [rows] = await connection.query<RowDataPacket[]>(
            'SELECT sequence_number AS sequenceNumber FROM banyan_checkpoint WHERE application = ? AND stream = ? AND shard_id = ?',
            [application, stream, shard],
          );
          return rows[0]?.['sequenceNumber'] as string | undefined;
        },
        { what: `reading the checkpoint of ${shard}`, ...limit },
      ),

    advance: (position, limit) =>
      withConnection(database, (connection) => moveCheckpoint(connection, position), {
        what: `moving the checkpoint of ${position.shard}`,
        ...limit,
      }),

    apply: (position, eventId, effect, limit) =>
      inTransaction(
        database,
        async (tx) => {
          if (limit) await boundSession(tx, limit.timeout);
          const key = inboxKey(eventId);
          if (!(await enter(tx, position.application, key))) return 'duplicate';
          await effect(tx);
          await commitWith(tx, position, key);
          return 'handled';
        },
        { what: `event ${eventId}, its handler and its transaction`, ...limit },
      ),

    numbers: mysqlSequenceInbox(database),
  };
}
