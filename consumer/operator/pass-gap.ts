import { inTransaction, type Database } from '../../runtime/database.ts';
import { firstHeld } from '../held-rows.ts';
import { lockKey, moveKey, type KeyOf } from '../key-numbers.ts';
import { numbersBetween } from '../numbers-between.ts';
import { auditInbox, type InboxAuthor } from './inbox-audit.ts';

/**
 * Lets a key go on past the numbers that are missing before the first event held of it; the consumer then handles what is
 * held. Returns which numbers it gave up, undefined when none is missing. An event that comes with one of them later is
 * parked. Where more are missing further on, the key waits there again.
 */
export function passGap(database: Database, of: KeyOf, author: InboxAuthor): Promise<string | undefined> {
  return inTransaction(
    database,
    async (tx) => {
      const state = await lockKey(tx, of);
      const first = state && (await firstHeld(tx, of));
      if (first === undefined || first <= state!.last + 1n) return undefined;
      const missing = numbersBetween(state!.last, first);
      await moveKey(tx, of, first - 1n);
      await auditInbox(tx, 'passed', { ...of, detail: `number ${missing}` }, author);
      return missing;
    },
    { what: `letting ${of.key} go on`, timeout: 30_000 },
  );
}
