/**
 * How many bytes a request may carry now: halved when one was refused as too large or got no answer in time, raised
 * by a sixteenth of the limit with each answer (additive increase, multiplicative decrease). So a
 * request that can't get through in time isn't sent again and again in the same size.
 */
export function requestSize(
  limit: number,
  least = 65_536,
): { current(): number; shrink(bytes: number): void; grow(): void } {
  let size = limit;
  return {
    current: () => size,
    shrink(bytes) {
      size = Math.max(least, Math.floor(Math.min(size, bytes) / 2));
    },
    grow() {
      size = Math.min(limit, size + limit / 16);
    },
  };
}
