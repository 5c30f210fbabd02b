import { readBackfillDue, type BackfillDue } from '../budget/stop-captures.ts';
import { readLag, type OutboxLag } from '../../outbox/lag.ts';
import { findOpenTransaction, type OpenTransaction } from '../../outbox/open-transactions.ts';
import { readRelaysSeen, type RelaySeen } from '../../outbox/relays-seen.ts';
import type { Database } from '../../runtime/database.ts';

/** The outbox at one moment. */
export interface Sample extends OutboxLag {
  /** This process' clock just before the outbox was asked, and when it had answered, in milliseconds since 1970. */
  readonly askedAt: number;
  readonly readAt: number;
  readonly relays: readonly RelaySeen[];
  readonly openTransaction: OpenTransaction;
  /** Captures that were stopped at the budget, or why nobody knows. */
  readonly backfillDue: readonly BackfillDue[] | { readonly unknown: string };
}

const TIMEOUT = 3_000;

/** Reads everything that the lag is made of. Rejects when lag or relays can't be read. */
export async function readSample(database: Database): Promise<Sample> {
  const askedAt = Date.now();
  const [lag, relays, openTransaction, backfillDue] = await Promise.all([
    readLag(database, TIMEOUT).then((read) => ({ ...read, readAt: Date.now() })),
    readRelaysSeen(database, TIMEOUT),
    findOpenTransaction(database, TIMEOUT).catch((error: Error): OpenTransaction => ({
      state: 'unknown',
      reason: error.message,
    })),
    readBackfillDue(database, TIMEOUT).catch((error: Error) => ({ unknown: error.message })),
  ]);
  return { ...lag, askedAt, relays, openTransaction, backfillDue };
}
