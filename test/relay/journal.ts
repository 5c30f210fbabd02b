import { closeSync, openSync, readFileSync, writeSync } from 'node:fs';

/** One committed event. `n` counts the key's committed events from 1, without gaps. */
export interface Entry {
  readonly key: string;
  readonly n: number;
  readonly id: string;
}

/** What writers committed, in a file outside the database: written after the commit, before anything else. */
export interface Journal {
  write(entries: readonly Entry[]): void;
  read(): Entry[];
  close(): void;
}

export function openJournal(file: string): Journal {
  const descriptor = openSync(file, 'a+');
  return {
    write: (entries) =>
      void writeSync(descriptor, entries.map((entry) => `${JSON.stringify(entry)}\n`).join('')),
    read: () =>
      readFileSync(file, 'utf8')
        .split('\n')
        .filter(Boolean)
        .map((line) => JSON.parse(line) as Entry),
    close: () => closeSync(descriptor),
  };
}

export interface Verdict {
  readonly committed: number;
  readonly records: number;
  /** Committed events that the stream doesn't have. */
  readonly lost: readonly Entry[];
  /** First deliveries that came before an earlier event of their key. */
  readonly reordered: readonly Entry[];
  /** Events in the stream that nobody committed. */
  readonly phantoms: readonly Entry[];
  readonly duplicated: number;
}

/** Compares what stands in the stream, per key in the stream's order, with the journal. */
export function judge(journal: readonly Entry[], stream: readonly Entry[]): Verdict {
  const committed = new Map(journal.map((entry) => [entry.id, entry]));
  const seen = new Set<string>();
  const highest = new Map<string, number>();
  const [reordered, phantoms]: [Entry[], Entry[]] = [[], []];
  for (const entry of stream) {
    if (seen.has(entry.id)) continue;
    seen.add(entry.id);
    if (!committed.has(entry.id)) phantoms.push(entry);
    const before = highest.get(entry.key) ?? 0;
    if (entry.n < before) reordered.push(entry);
    else highest.set(entry.key, entry.n);
  }
  return {
    committed: journal.length,
    records: stream.length,
    lost: journal.filter(({ id }) => !seen.has(id)),
    reordered,
    phantoms,
    duplicated: stream.length - seen.size,
  };
}
