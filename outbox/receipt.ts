/**
 * How a settled row of `banyan_outbox o` ended, as SQL of a statement that joins RECEIPT. What a relay settles has a
 * receipt beside it (settle.ts); what an operator or a policy settles, and what was settled before there were receipts,
 * says it in its own columns. An event that was erased since says so, whatever its receipt tells.
 */
export const RECEIPT = 'LEFT JOIN banyan_outbox_receipt r ON r.id = o.id';

const either = (column: string) => `COALESCE(r.${column}, o.${column})`;

/** When. */
export const SETTLED_AT = either('settled_at');
/** Under which epoch of its bucket's lease. */
export const SETTLED_EPOCH = either('settled_epoch');
/** Where the stream has it; null of an event that was never sent. */
export const SHARD_ID = either('shard_id');
/** The stream's own number; null of an event that was never sent. */
export const SEQUENCE_NUMBER = either('sequence_number');
/** Null of a row that isn't settled, or was settled by hand. */
export const OUTCOME = `COALESCE(o.outcome, IF(r.id IS NULL, NULL, IF(r.sequence_number IS NULL, 'silent', 'acknowledged')))`;
