import { createLeases as create } from '../../../../../relay/leases.ts';
import { insteadOf } from '../../instead-of.ts';

export * from '../../../../../relay/leases.ts';

/** What was claimed is sent, whatever has become of the lease. */
export const createLeases: typeof create = (...given) =>
  insteadOf(create(...given), { outlivesRequest: () => true, holds: () => true });
