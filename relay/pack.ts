import type { StreamLimits } from './publisher.ts';
import type { ShardState } from './shard-states.ts';
import type { KeyState } from './window.ts';

/**
 * Puts first rows of different keys into requests: at most one record per key, because a request can fail in
 * part and what came after the failed record is in the stream then. Each request keeps the limits, and each
 * shard its pace at the time `now`; a key that has to be alone is. At most `slots` requests; what doesn't fit
 * stays for the next time. Pure.
 */
export function pack(
  ready: Iterable<KeyState>,
  limits: StreamLimits,
  slots: number,
  now: number,
): KeyState[][] {
  const requests: KeyState[][] = [];
  const packed = new Map<ShardState, number>();
  let open: KeyState[] = [];
  let bytes = 0;
  const close = () => {
    if (open.length > 0) requests.push(open);
    open = [];
    bytes = 0;
  };
  for (const state of ready) {
    if (requests.length + (open.length > 0 ? 1 : 0) >= slots && (state.alone || open.length === 0)) continue;
    const first = state.rows[0];
    if (first?.kind !== 'record') continue;
    const { shard } = state;
    const ofShard = packed.get(shard) ?? 0;
    if (shard.inFlight + ofShard >= shard.pace.allowed(now)) continue;
    if (state.alone) {
      packed.set(shard, ofShard + 1);
      requests.push([state]);
      continue;
    }
    if (
      open.length > 0 &&
      (open.length >= limits.requestRecords || bytes + first.bytes > limits.requestBytes)
    ) {
      close();
      if (requests.length >= slots) break;
    }
    packed.set(shard, ofShard + 1);
    open.push(state);
    bytes += first.bytes;
  }
  close();
  return requests;
}
