/** The relay: rows of the outbox -> records of the stream. */
export { forget as forgetRelay } from '../outbox/relay-member.ts';
export { auditEvents } from '../outbox/completeness/audit-events.ts';
export { readCompleteness, type CompletenessReport } from '../outbox/completeness/read-completeness.ts';
export { cancelOrder } from '../outbox/operator/cancel-order.ts';
export { askForReplay, countRange, readReplays, type Replay } from '../outbox/replay/replays.ts';
export { JOBS } from './jobs/job-queue.ts';
export { JobsUnknown, readJobs, type JobState } from './jobs/read-jobs.ts';
export { readOrders, type Order } from './jobs/read-orders.ts';
export {
  inspectStream,
  type Credentials,
  type StreamAddress,
  type StreamInspection,
} from './kinesis-publisher.ts';
export { bucketRanges, type Ownership } from './ownership.ts';
export { readOwnership } from './read-ownership.ts';
export type { Relay, RelayOptions } from './relay-options.ts';
export { startRelay } from './start-relay.ts';
export { acceptServer, readServer } from '../outbox/server.ts';
export { planStream, type Load, type StreamPlan } from './planning/plan-stream.ts';
export { LIST_PRICES, readPrices, type StreamPrices } from './planning/stream-prices.ts';
