/** Milliseconds that a relay's lease lasts, and that one of its requests may take. */
export const [LEASE, REQUEST_TIMEOUT] = [3_000, 1_000];
/** Milliseconds after which the buckets of a relay that does nothing are another's. */
export const TAKEN_OVER = LEASE + 2 * REQUEST_TIMEOUT;
