/** An event as its writer numbered it: a key's committed events count from 1 without gaps. */
export interface Numbered {
  readonly key: string;
  readonly n: number;
  readonly id: string;
}

/**
 * What a writer knows of one transaction. `unknown`: the connection broke while it was committing. The numbers tell
 * what became of it: whoever wrote the key next took its number again, or went on from it.
 */
export interface Written {
  readonly outcome: 'committed' | 'undone' | 'unknown';
  /** When the writer knew, in milliseconds since 1970. */
  readonly at: number;
  readonly events: readonly Numbered[];
}

/** One record as it stands in the stream, taken apart. */
export interface Delivered {
  readonly key: string;
  readonly events: readonly Numbered[];
  /** Who sent it, as in the lease's `owner`; undefined when nobody saw. */
  readonly sender: string | undefined;
  /** Just before the stream took it, in milliseconds since 1970. */
  readonly at: number;
}

/** The leases as they stood at some moment between two times. */
export interface LeaseSample {
  readonly from: number;
  readonly to: number;
  /** By bucket. */
  readonly leases: readonly { readonly owner: string | null; readonly epoch: number }[];
}

/** What a reading of the outbox lag said: the age of the oldest pending event, 0 when there was none. */
export interface LagReading {
  /** Before the reading was asked for, and after it was there; milliseconds since 1970. */
  readonly from: number;
  readonly to: number;
  /** Null: it said that it doesn't know, which counts as bad and so never as too little. */
  readonly ageMs: number | null;
}
