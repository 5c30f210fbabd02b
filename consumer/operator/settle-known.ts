import type { RowDataPacket } from 'mysql2/promise';
import { inTransaction, type Connection, type Database } from '../../runtime/database.ts';
import { enter } from '../handled-once.ts';
import { lockKey } from '../key-numbers.ts';
import { dropHeld } from '../held-rows.ts';
import { auditInbox, type InboxAction, type InboxAuthor } from './inbox-audit.ts';
import type { KnownNumber } from './find-held.ts';

/**
 * Has the consumer handle a parked event after all, out of the order of its key; it does so within seconds. False when
 * the event isn't parked any more.
 */
export function handleKnown(database: Database, event: KnownNumber, author: InboxAuthor): Promise<boolean> {
  return settle(database, event, { action: 'handled', author }, async (tx) => {
    await tx.query("UPDATE banyan_inbox_held SET why = 'handle' WHERE id = ?", [event.id]);
  });
}

/** Gives a parked event up: it is in the inbox without having had an effect. False when it isn't parked any more. */
export function skipKnown(database: Database, event: KnownNumber, author: InboxAuthor): Promise<boolean> {
  return settle(database, event, { action: 'skipped', author }, async (tx) => {
    await enter(tx, event.application, event.eventId);
    await dropHeld(tx, event.id);
  });
}

/** The key is locked first, as by everyone. */
function settle(
  database: Database,
  { id, application, key, number, eventId, otherEventId }: KnownNumber,
  { action, author }: { readonly action: InboxAction; readonly author: InboxAuthor },
  change: (tx: Connection) => Promise<void>,
): Promise<boolean> {
  return inTransaction(
    database,
    async (tx) => {
      await lockKey(tx, { application, key });
      const [rows] = await tx.query<RowDataPacket[]>(
        "SELECT 1 FROM banyan_inbox_held WHERE id = ? AND why = 'known' FOR UPDATE",
        [id],
      );
      if (rows.length === 0) return false;
      await change(tx);
      const detail = `number ${number}, event ${eventId}, other event ${otherEventId ?? 'not known'}`;
      await auditInbox(tx, action, { application, key, detail }, author);
      return true;
    },
    { what: `event ${eventId} of ${key}`, timeout: 30_000 },
  );
}
