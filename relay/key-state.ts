import type { HeldBucket } from './leases.ts';
import type { NextRecord } from './next-record.ts';
import type { Prepared } from './prepare.ts';
import type { ShardState } from './shard-states.ts';

/** A key that the relay has in memory. Its next rows are added behind those that are here. */
export interface KeyState extends HeldBucket {
  readonly key: string;
  shard: ShardState;
  /** A prefix of the key's pending rows that weren't acknowledged; the first of them may be in flight. */
  rows: Prepared[];
  /** The record of its first rows that is on its way. */
  inFlight: NextRecord | undefined;
  /** Rows that are acknowledged (or parked) and not settled yet. */
  unsettled: number;
  /** Failures of the first row in a row. */
  attempts: number;
  /** Not sent before this time. */
  notBefore: number;
  /** A request in doubt may still take effect until then. */
  doubtUntil: number;
  /** Sent in a request by itself, because a request that carried it was refused as invalid. */
  alone: boolean;
  /** When the first row was refused as invalid although it was alone. */
  refusedAt: number | undefined;
  /** Most rows in its next record: those of a record in doubt are sent again, or fewer, and nothing behind them. */
  most: number;
  /** So many of its first rows go one by one, because a record with all of them was refused as invalid. */
  apart: number;
  /** It had many rows, and has more in the outbox. */
  hot: boolean;
  /** The last of its rows that was taken into memory. */
  lastId: number | string;
  /** Nothing is added behind its rows: it leaves the memory first, and is claimed again from its first pending row on. */
  closed: boolean;
}

/** A key of which nothing is known yet. */
export function newKey(
  { key, bucket, epoch }: HeldBucket & { readonly key: string },
  shard: ShardState,
  lastId: number | string,
): KeyState {
  return {
    key,
    bucket,
    epoch,
    shard,
    lastId,
    rows: [],
    inFlight: undefined,
    unsettled: 0,
    attempts: 0,
    notBefore: 0,
    doubtUntil: 0,
    alone: false,
    refusedAt: undefined,
    most: Infinity,
    apart: 0,
    hot: false,
    closed: false,
  };
}
