/** Who has just written through this gateway, by key. Times in milliseconds of `performance.now()`. */
export interface LocalWrites {
  begin(key: string): void;
  /** `keep` is how many milliseconds from now on it counts. */
  end(key: string, keep: number): void;
  /** Whether a write of this key is under way, or counts still. */
  has(key: string): boolean;
  /** Since when absence says something: after the start, and after more was forgotten than could be kept. */
  sureFrom(): number;
}

interface Writes {
  open: number;
  until: number;
}

/** Keys that are kept, some 100 MB: as many writers within `afterWrite`. Beyond, everybody counts as a writer for that long. */
const MOST = 500_000;

/** `longest` is how long a write counts at most; `unknownBefore` whether others than this process may have kept writes. */
export function localWrites(
  longest: () => number,
  unknownBefore: boolean,
  now: () => number = () => performance.now(),
): LocalWrites {
  const kept = new Map<string, Writes>();
  let sureFrom = unknownBefore ? now() + longest() : 0;
  const touch = (key: string, step: 1 | -1, until: number) => {
    const before = kept.get(key);
    // Put at the end again: the first is the one that was touched longest ago.
    kept.delete(key);
    kept.set(key, {
      open: Math.max(0, (before?.open ?? 0) + step),
      until: Math.max(before?.until ?? 0, until),
    });
    let seen = 0;
    for (const [oldest, { open, until: end }] of kept) {
      if (open === 0 && end <= now()) kept.delete(oldest);
      else if ((seen += 1) > 1) break;
    }
    if (kept.size <= MOST) return;
    for (const [oldest, { open }] of kept) if (open === 0) kept.delete(oldest);
    sureFrom = now() + longest();
  };
  return {
    begin: (key) => touch(key, 1, 0),
    end: (key, keep) => touch(key, -1, now() + keep),
    has(key) {
      const writes = kept.get(key);
      return writes !== undefined && (writes.open > 0 || writes.until > now());
    },
    sureFrom: () => sureFrom,
  };
}
