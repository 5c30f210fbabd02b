/** The relay: rows of the outbox -> records of the stream. */
export { hint, HINT_CHANNEL } from './hint.ts';
export type { Credentials, StreamAddress } from './kinesis-publisher.ts';
export { startRelay, type Relay, type RelayOptions } from './start-relay.ts';
