/** `0.25 %`; two digits after the point, and those that say nothing left out. */
export function percent(share: number): string {
  return `${points(share)} %`;
}

/** A share in percentage points, without the sign. */
export function points(share: number): string {
  return String(Math.round(share * 10_000) / 100);
}

/** `340 ms`, `12.4 s`, `3 min`, `5 h`, `2 d`. */
export function time(milliseconds: number): string {
  if (milliseconds === Infinity) return 'unknown';
  if (milliseconds < 10) return `${Math.round(milliseconds * 10) / 10} ms`;
  if (milliseconds < 1_000) return `${Math.round(milliseconds)} ms`;
  if (milliseconds < 120_000) return `${Math.round(milliseconds / 100) / 10} s`;
  if (milliseconds < 7_200_000) return `${Math.round(milliseconds / 60_000)} min`;
  if (milliseconds < 172_800_000) return `${Math.round(milliseconds / 3_600_000)} h`;
  return `${Math.round(milliseconds / 86_400_000)} d`;
}

/** `1,204 reads`, `1 gateway`. */
export function count(number: number, one: string): string {
  return `${number.toLocaleString('en-US')} ${one}${number === 1 ? '' : 's'}`;
}
