import { createHash } from 'node:crypto';
import type { ResultSetHeader, RowDataPacket } from 'mysql2/promise';
import type { Connection } from '../runtime/database.ts';
import type { Position } from './inbox.ts';

/** ER_DUP_ENTRY, on either database. */
export const DUPLICATE = 1062;

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

/** Moves the checkpoint, never backwards. */
export async function moveCheckpoint(
  connection: Connection,
  { application, stream, shard, sequenceNumber }: Position,
): Promise<void> {
  await connection.query(
    `INSERT INTO banyan_checkpoint (application, stream, shard_id, sequence_number) VALUES (?, ?, ?, ?) ${KEEP_THE_GREATER}`,
    [application, stream, shard, sequenceNumber],
  );
}

/**
 * Puts an event into the inbox. False when it is there already. While another transaction is entering it, this waits for
 * that one's end.
 */
export async function enter(tx: Connection, application: string, key: string): Promise<boolean> {
  try {
    // No INSERT IGNORE: it would also turn a value that doesn't fit into one that does.
    await tx.query('INSERT INTO banyan_inbox (application, event_id) VALUES (?, ?)', [application, key]);
    return true;
  } catch (error) {
    if ((error as { errno?: number }).errno === DUPLICATE) return false;
    throw error;
  }
}

export async function isEntered(tx: Connection, application: string, eventId: string): Promise<boolean> {
  const [rows] = await tx.query<RowDataPacket[]>(
    'SELECT 1 FROM banyan_inbox WHERE application = ? AND event_id = ?',
    [application, inboxKey(eventId)],
  );
  return rows.length > 0;
}

/**
 * Moves the checkpoint, if it is to move, by way of the inbox row: a handler that swallowed a deadlock has lost its
 * transaction with everything in it, and must not be taken for done.
 */
export async function commitWith(
  tx: Connection,
  { application, stream, shard, sequenceNumber }: Partial<Position>,
  key: string,
): Promise<void> {
  const entered = 'FROM banyan_inbox WHERE application = ? AND event_id = ?';
  const [found] =
    sequenceNumber === undefined
      ? await tx.query<RowDataPacket[]>(`SELECT 1 ${entered}`, [application, key])
      : await tx.query<ResultSetHeader>(
          `INSERT INTO banyan_checkpoint (application, stream, shard_id, sequence_number)
           SELECT application, ?, ?, ? ${entered} ${KEEP_THE_GREATER}`,
          [stream, shard, sequenceNumber, application, key],
        );
  if ((Array.isArray(found) ? found.length : found.affectedRows) === 0)
    throw new Error(
      "the handler's transaction was rolled back while it ran (a deadlock that it caught?); let such errors through",
    );
}

/** An id that the column can't hold exactly (longer than 64, not ASCII, with spaces) goes by its SHA-256. */
export function inboxKey(eventId: string): string {
  return /^[\x21-\x7e]{1,64}$/.test(eventId) ? eventId : createHash('sha256').update(eventId).digest('hex');
}
