/** All of `@banyan/outbox`: what a monolith needs to write an event. */
export { append, InvalidEventError, type AppendOptions, type Execute } from './append.ts';
export type { CloudEvent, NewEvent } from './event.ts';
