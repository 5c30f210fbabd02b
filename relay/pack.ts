import type { StreamLimits } from './publisher.ts';
import type { KeyState } from './window.ts';

/**
 * Puts first rows of different keys into requests: at most one record per key, because a request can fail in
 * part and what came after the failed record is in the stream then. Each request keeps the limits; a key
 * that has to be alone is. At most `slots` requests; what doesn't fit stays for the next time. Pure.
 */
export function pack(ready: Iterable<KeyState>, limits: StreamLimits, slots: number): KeyState[][] {
  const requests: KeyState[][] = [];
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
    if (state.alone) {
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
    open.push(state);
    bytes += first.bytes;
  }
  close();
  return requests;
}
