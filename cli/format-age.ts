/** `340 ms`, `4 s`, `3 min`, `5 h`, `2 d`. */
export function formatAge(milliseconds: number): string {
  if (milliseconds < 1_000) return `${Math.round(milliseconds)} ms`;
  if (milliseconds < 120_000) return `${Math.round(milliseconds / 1_000)} s`;
  if (milliseconds < 2 * 3_600_000) return `${Math.round(milliseconds / 60_000)} min`;
  return milliseconds < 2 * 86_400_000
    ? `${Math.round(milliseconds / 3_600_000)} h`
    : `${Math.round(milliseconds / 86_400_000)} d`;
}
