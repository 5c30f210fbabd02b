import { createHash } from 'node:crypto';
import type { ResultSetHeader, RowDataPacket } from 'mysql2/promise';
import { inTransaction, type Connection, type Database } from '../runtime/database.ts';
import { withConnection } from '../runtime/with-connection.ts';
import { boundSession } from './bound-session.ts';
import type { Inbox, Position } from './inbox.ts';

const DUPLICATE = 1062;

// Sequence numbers are decimal numbers of any length: the longer is the greater. Another process of the same
// application may be ahead, hence never backwards.
const KEEP_THE_GREATER = `
  ON DUPLICATE KEY UPDATE
    sequence_number = IF(
      CHAR_LENGTH(VALUES(sequence_number)) > CHAR_LENGTH(banyan_checkpoint.sequence_number)
        OR (CHAR_LENGTH(VALUES(sequence_number)) = CHAR_LENGTH(banyan_checkpoint.sequence_number)
          AND VALUES(sequence_number) > banyan_checkpoint.sequence_number),
      VALUES(sequence_number), banyan_checkpoint.sequence_number),
    updated_at = CURRENT_TIMESTAMP(6)`;

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

    advance: ({ application, stream, shard, sequenceNumber }, limit) =>
      withConnection(
        database,
        async (connection) => {
          await connection.query(
            `INSERT INTO banyan_checkpoint (application, stream, shard_id, sequence_number) VALUES (?, ?, ?, ?) ${KEEP_THE_GREATER}`,
            [application, stream, shard, sequenceNumber],
          );
        },
        { what: `moving the checkpoint of ${shard}`, ...limit },
      ),

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
  };
}

/** False when the event is there already. While another transaction is entering it, this waits for that one's end. */
async function enter(tx: Connection, application: string, key: string): Promise<boolean> {
  try {
    // No INSERT IGNORE: it would also turn a value that doesn't fit into one that does.
    await tx.query('INSERT INTO banyan_inbox (application, event_id) VALUES (?, ?)', [application, key]);
    return true;
  } catch (error) {
    if ((error as { errno?: number }).errno === DUPLICATE) return false;
    throw error;
  }
}

/**
 * Moves the checkpoint, by way of the inbox row: a handler that swallowed a deadlock has lost its transaction with
 * everything in it, and must not be taken for done.
 */
async function commitWith(tx: Connection, position: Position, key: string): Promise<void> {
  const [moved] = await tx.query<ResultSetHeader>(
    `INSERT INTO banyan_checkpoint (application, stream, shard_id, sequence_number)
     SELECT application, ?, ?, ? FROM banyan_inbox WHERE application = ? AND event_id = ? ${KEEP_THE_GREATER}`,
    [position.stream, position.shard, position.sequenceNumber, position.application, key],
  );
  if (moved.affectedRows === 0)
    throw new Error(
      "the handler's transaction was rolled back while it ran (a deadlock that it caught?); let such errors through",
    );
}

/** An id that the column can't hold exactly (longer than 64, not ASCII, with spaces) goes by its SHA-256. */
function inboxKey(eventId: string): string {
  return /^[\x21-\x7e]{1,64}$/.test(eventId) ? eventId : createHash('sha256').update(eventId).digest('hex');
}
