import type { ShardRange } from './shard-range.ts';

/** What goes to the stream. */
export interface StreamRecord {
  readonly key: string;
  readonly data: Uint8Array;
}

export interface StreamLimits {
  /** Bytes of a record, data and key together. */
  readonly recordBytes: number;
  readonly requestRecords: number;
  /** Bytes of all records of a request, data and keys together. */
  readonly requestBytes: number;
  /** Characters of a key. */
  readonly keyLength: number;
}

/**
 * Kinesis' own limits of a stream that nobody raised:
 * https://docs.aws.amazon.com/kinesis/latest/APIReference/API_PutRecords.html
 */
export const KINESIS_LIMITS: StreamLimits = {
  recordBytes: 1_048_576,
  requestRecords: 500,
  requestBytes: 10 * 1_048_576,
  keyLength: 256,
};

/** What became of one record of an answered request. `failed`: it was not written, and may be written later. */
export type RecordOutcome =
  | { readonly kind: 'acknowledged'; readonly shardId: string; readonly sequenceNumber: string }
  | { readonly kind: 'failed'; readonly code: string; readonly message: string };

/**
 * Why a whole request was refused, with nothing written. `throttled`, `unreachable`: it passes by itself.
 * `denied`, `missing`: somebody has to act. `invalid`, `too-large`: some record, or their number, is at fault.
 */
export type RefusalReason = 'throttled' | 'unreachable' | 'denied' | 'missing' | 'invalid' | 'too-large';

/** What became of a request. `unknown`: each of its records may have been written, now or a little later. */
export type RequestOutcome =
  | { readonly kind: 'answered'; readonly records: readonly RecordOutcome[] }
  | { readonly kind: 'refused'; readonly reason: RefusalReason; readonly cause: Error }
  | { readonly kind: 'unknown'; readonly cause: Error };

/** Writes to one stream. It doesn't retry, doesn't reorder and doesn't split. */
export interface Publisher {
  /** The stream's limits. Rejects while they can't be had. */
  limits(): Promise<StreamLimits>;
  /** The shards that take records now. Rejects while they can't be had. */
  shards(): Promise<ShardRange[]>;
  /** Sends one request and never rejects. It is over, one way or another, within the request timeout. */
  publish(records: readonly StreamRecord[]): Promise<RequestOutcome>;
  close(): void;
}
