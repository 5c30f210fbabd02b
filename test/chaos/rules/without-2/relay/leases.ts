import { BUCKETS } from '../../../../../outbox/event.ts';
import { createLeases as create } from '../../../../../relay/leases.ts';
import { insteadOf } from '../../instead-of.ts';

export * from '../../../../../relay/leases.ts';

/** Leases are taken and renewed, and nobody asks for them: each relay claims and sends what is in any bucket. */
export const createLeases: typeof create = (...given) => {
  const leases = create(...given);
  return insteadOf(leases, {
    claimable() {
      const epochs = new Map(leases.claimable().map(({ bucket, epoch }) => [bucket, epoch]));
      return Array.from({ length: BUCKETS }, (_, bucket) => ({ bucket, epoch: epochs.get(bucket) ?? 0 }));
    },
    outlivesRequest: () => true,
    holds: () => true,
  });
};
