const UNITS = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** A length of time as people write it (`250ms`, `5s`, `10m`, `24h`, `7d`) in milliseconds; undefined if it is none. */
export function milliseconds(text: string): number | undefined {
  const parts = /^(\d+(?:\.\d+)?)(ms|s|m|h|d)$/.exec(text);
  return parts ? Number(parts[1]) * UNITS[parts[2] as keyof typeof UNITS] : undefined;
}
