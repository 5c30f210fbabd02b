/** How far a transfer has got: bytes at a time in milliseconds. */
export interface Reading {
  readonly at: number;
  readonly bytes: number;
}

/** How slow a transfer may be. */
export interface Pace {
  /** Milliseconds. Undefined: it may take for ever. */
  readonly within: number | undefined;
  /** Bytes a second, on average over `within`; at least one byte. */
  readonly rate: number;
}

/**
 * The reading from which a transfer is measured next: the one before until enough has come since, then the new one.
 * Undefined when it has been too slow.
 */
export function measured(before: Reading, now: Reading, { within, rate }: Pace): Reading | undefined {
  if (within === undefined) return now;
  if (now.bytes - before.bytes >= Math.max(1, (rate * within) / 1_000)) return now;
  return now.at - before.at < within ? before : undefined;
}
