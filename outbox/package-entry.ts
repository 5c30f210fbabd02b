/** All of `@banyan/outbox`: what a monolith needs to write an event. */
export { append, type AppendOptions, type Execute } from './append.ts';
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
export type { CloudEvent, NewEvent } from './event.ts';
