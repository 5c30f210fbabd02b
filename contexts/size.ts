const UNITS = { B: 1, KiB: 1024, MiB: 1024 ** 2, GiB: 1024 ** 3 };

/** A size as people write it (`512B`, `64KiB`, `10MiB`, `1GiB`) in bytes; undefined if it is none. */
export function bytesOf(text: string): number | undefined {
  const parts = /^(\d+(?:\.\d+)?)(B|KiB|MiB|GiB)$/.exec(text);
  return parts ? Math.floor(Number(parts[1]) * UNITS[parts[2] as keyof typeof UNITS]) : undefined;
}
