/** `banyan/outbox`: writing events, and what they look like on the stream. */
export { append, type AppendOptions, type Execute } from './append.ts';
export { toCloudEvent, type OutboxRow } from './envelope.ts';
export { BUCKETS, type CloudEvent, type NewEvent } from './event.ts';
export { createHint, HINT_CHANNEL, type HintTarget, type Publish } from './hint.ts';
export { InvalidEventError } from './invalid-event.ts';
export { readRecordLimit } from './read-record-limit.ts';
export { defineRegistry, InvalidRegistryError } from './registry/define-registry.ts';
export type {
  AggregateDeclaration,
  EventDeclaration,
  Registry,
  VersionDeclaration,
} from './registry/registry.ts';
export type { StandardIssue, StandardResult, StandardSchema } from './registry/standard-schema.ts';
export { loadRegistry } from './registry/load-registry.ts';
export { declarationOf, isSequenced, versionsOf } from './registry/registry.ts';
export { readOverlaps, type Overlap } from './record-overlap.ts';
export { pauseType, readPauseHistory, readPauses, type Pause } from './pause-type.ts';
export { resumeType } from './resume-type.ts';
export { keysWaitingByType } from './waiting-for-types.ts';
export { captureOf, type RowChange, type Translate, type Translation } from './row-change.ts';
export { moveOwnership, MoveRefused, type MoveOptions, type OutboxPlace } from './move-ownership.ts';
export { readOwnership, type Ownership, type OwnershipState } from './ownership.ts';
