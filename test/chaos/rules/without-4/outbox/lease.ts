import { takeLeases as take } from '../../../../../outbox/lease.ts';

export * from '../../../../../outbox/lease.ts';

/** The old owner's last request isn't waited for. */
export const takeLeases: typeof take = (database, owner, buckets, terms) =>
  take(database, owner, buckets, { ...terms, requestTimeout: 0 });
