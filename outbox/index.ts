/** `banyan/outbox`: writing events, and what they look like on the stream. */
export { append, InvalidEventError, type AppendOptions, type Execute } from './append.ts';
export { toCloudEvent, type OutboxRow } from './envelope.ts';
export { BUCKETS, type CloudEvent, type NewEvent } from './event.ts';
export { captureOf, type RowChange, type Translate, type Translation } from './row-change.ts';
