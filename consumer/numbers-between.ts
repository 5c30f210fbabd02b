/** The numbers that are missing between the last one handled and the first one held: `7`, or `7 to 9`. */
export function numbersBetween(last: bigint, first: bigint): string {
  return first - last === 2n ? `${last + 1n}` : `${last + 1n} to ${first - 1n}`;
}
