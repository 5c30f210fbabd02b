import { inTransaction, type Connection, type Database } from '../runtime/database.ts';
import { withConnection } from '../runtime/with-connection.ts';
import { applyHeld } from './apply-held.ts';
import { applyNumbered } from './apply-numbered.ts';
import { boundSession } from './bound-session.ts';
import { purgeInbox } from './purge-inbox.ts';
import { readHeld, readWaiting } from './read-held.ts';
import type { SequenceInbox } from './sequence-inbox.ts';

/** The numbers' part of the inbox, in the tables of `banyan install inbox`. */
export function mysqlSequenceInbox(database: Database): SequenceInbox<Connection> {
  return {
    apply: (position, numbered, given, limit) =>
      inTransaction(
        database,
        async (tx) => {
          if (limit) await boundSession(tx, limit.timeout);
          return applyNumbered(tx, position, numbered, given);
        },
        { what: `event ${numbered.event.id}, its handler and its transaction`, ...limit },
      ),

    applyHeld: (application, key, effectOf, limit) =>
      inTransaction(
        database,
        async (tx) => {
          if (limit) await boundSession(tx, limit.timeout);
          return applyHeld(tx, { application, key }, effectOf);
        },
        { what: `a held event of ${key}, its handler and its transaction`, ...limit },
      ),

    read: (application, limit) =>
      withConnection(database, (connection) => readHeld(connection, application), {
        what: 'reading what is held',
        ...limit,
      }),

    waiting: (application, most, limit) =>
      withConnection(database, (connection) => readWaiting(connection, application, most), {
        what: 'reading which keys wait',
        ...limit,
      }),

    purge: (application, from, limit) =>
      withConnection(database, (connection) => purgeInbox(connection, application, from), {
        what: 'purging the inbox',
        ...limit,
      }),
  };
}
