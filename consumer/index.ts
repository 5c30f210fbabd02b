export { createConsumer, type Consumer, type ConsumerOptions } from './create-consumer.ts';
export type { Lag } from './consumer-lag.ts';
export type { Handler } from './handle-record.ts';
export type { HeartbeatReading } from './heartbeats.ts';
export type { HeldFigures } from './held-events.ts';
export type { Inbox, Position } from './inbox.ts';
export type { Outcome } from './meter.ts';
export { mysqlInbox } from './mysql-inbox.ts';
export type { ConsumerReport, ReportTo } from './report-lag.ts';
export type {
  Applied,
  AppliedHeld,
  Effect,
  HeldReading,
  PurgedPage,
  PurgePlace,
  SequenceInbox,
  WaitingKey,
} from './sequence-inbox.ts';
export type { Numbered } from './numbered.ts';
export type { StreamAddress } from './shard-reader.ts';
export { openDatabase, type Connection, type Database } from '../runtime/database.ts';
export { defineRegistry } from '../outbox/registry/define-registry.ts';
export type { Registry } from '../outbox/registry/registry.ts';
export type { CloudEvent } from '../outbox/event.ts';
