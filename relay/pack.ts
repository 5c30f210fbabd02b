import { nextRecord, type RecordLimits } from './next-record.ts';
import type { ShardState } from './shard-states.ts';
import type { KeyState } from './key-state.ts';

/**
 * Puts the next records of different keys into requests: at most one per key, because a request can fail in
 * part and what came after the failed record is in the stream then. Each request keeps the limits, and each
 * shard its pace at the time `now`; a key that has to be alone is. At most `slots` requests; what doesn't fit
 * stays for the next time. Pure.
 */
export function pack(
  ready: Iterable<KeyState>,
  limits: RecordLimits,
  slots: number,
  now: number,
): KeyState[][] {
  const requests: KeyState[][] = [];
  const packed = new Map<ShardState, { records: number; bytes: number }>();
  let open: KeyState[] = [];
  let bytes = 0;
  const close = () => {
    if (open.length > 0) requests.push(open);
    open = [];
    bytes = 0;
  };
  for (const state of ready) {
    if (requests.length + (open.length > 0 ? 1 : 0) >= slots && (state.alone || open.length === 0)) continue;
    const { shard } = state;
    // What the shard's pace leaves; the last record may go beyond its bytes.
    const left = packed.get(shard) ?? { ...shard.pace.allowed(now, shard.inFlight) };
    packed.set(shard, left);
    if (left.records < 1 || left.bytes <= 0) continue;
    const record = nextRecord(state, limits);
    if (record === undefined) continue;
    const take = () => {
      left.records -= 1;
      left.bytes -= record.bytes;
    };
    if (state.alone) {
      take();
      requests.push([state]);
      continue;
    }
    if (
      open.length > 0 &&
      (open.length >= limits.requestRecords || bytes + record.bytes > limits.requestBytes)
    ) {
      close();
      if (requests.length >= slots) break;
    }
    take();
    open.push(state);
    bytes += record.bytes;
  }
  close();
  return requests;
}
