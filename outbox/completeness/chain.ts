/** Numbers of a key between two that were seen. */
export interface Gap {
  readonly key: string;
  readonly from: bigint;
  readonly to: bigint;
}

/**
 * Follows the numbers of each key on from `seen` (0: none yet), in the order of the rows, and moves `seen` along. A
 * number that was seen before says nothing. Returns the numbers that were stepped over. Pure but for `seen`.
 */
export function followNumbers(
  rows: readonly { readonly partition_key: string; readonly sequence: number | string | null }[],
  seen: Map<string, bigint>,
): Gap[] {
  const gaps: Gap[] = [];
  for (const { partition_key: key, sequence } of rows) {
    if (sequence === null) continue;
    const number = BigInt(sequence);
    const last = seen.get(key) ?? 0n;
    if (number <= last) continue;
    if (number > last + 1n) gaps.push({ key, from: last + 1n, to: number - 1n });
    seen.set(key, number);
  }
  return gaps;
}
