/** All of `banyan/relay`: a relay inside one's own process. */
export { createHint, HINT_CHANNEL, type HintTarget, type Publish } from '../outbox/hint.ts';
export { defineRegistry } from '../outbox/registry/define-registry.ts';
export type { Registry } from '../outbox/registry/registry.ts';
export { openDatabase, type Database } from '../runtime/database.ts';
export { embedRelay, type EmbeddedRelayOptions } from './embed-relay.ts';
export type { StreamAddress } from './kinesis-publisher.ts';
export type { Relay } from './relay-options.ts';
