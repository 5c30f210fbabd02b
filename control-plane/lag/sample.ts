import { readLag, type OutboxLag } from '../../outbox/lag.ts';
import { findOpenTransaction, type OpenTransaction } from '../../outbox/open-transactions.ts';
import { readRelaysSeen, type RelaySeen } from '../../outbox/relays-seen.ts';
import type { Database } from '../../runtime/database.ts';

/** The outbox at one moment. */
export interface Sample extends OutboxLag {
  /** This process' clock just before the database was asked, in milliseconds since 1970. */
  readonly askedAt: number;
  readonly relays: readonly RelaySeen[];
  readonly openTransaction: OpenTransaction;
}

const TIMEOUT = 3_000;

/** Reads everything that the lag is made of. Rejects when lag or relays can't be read. */
export async function readSample(database: Database): Promise<Sample> {
  const askedAt = Date.now();
  const [lag, relays, openTransaction] = await Promise.all([
    readLag(database, TIMEOUT),
    readRelaysSeen(database, TIMEOUT),
    findOpenTransaction(database, TIMEOUT).catch((error: Error): OpenTransaction => ({
      state: 'unknown',
      reason: error.message,
    })),
  ]);
  return { ...lag, askedAt, relays, openTransaction };
}
