import { share as choose } from '../../../../../relay/share.ts';

export * from '../../../../../relay/share.ts';

/** The old owner's last request isn't waited for. */
export const share: typeof choose = (leases, options) => choose(leases, { ...options, requestTimeout: 0 });
