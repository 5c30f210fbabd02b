import type { LeaseTimes } from '../outbox/lease.ts';
import { readRelayStatus } from '../outbox/relay-status.ts';
import type { Database } from '../runtime/database.ts';
import { ownership, type Ownership } from './ownership.ts';

/**
 * Who owns which buckets, read from the database alone, by its clock. `times` are those that the relays run with. Rejects
 * when it can't be read within three seconds.
 */
export async function readOwnership(database: Database, times: LeaseTimes): Promise<Ownership> {
  return ownership(await readRelayStatus(database), times);
}
