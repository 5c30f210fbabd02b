import type { DatabaseFacts } from '../facts.ts';
import type { Said } from '../finding.ts';

/** What of the configuration a database is held against. */
export interface DatabaseTerms {
  /** Tables of the configuration's captures. */
  readonly captured: readonly string[];
  /** Whether the control plane removes their triggers at the outbox's budget. */
  readonly stopsCapture: boolean;
  /** Bytes of the stream's largest record; Kinesis' own limit where the stream can't be asked. */
  readonly recordBytes: number;
}

/** Pure: from facts to what is to be said; nothing where it doesn't concern that set of tables. */
export type DatabaseCheck = (facts: DatabaseFacts, terms: DatabaseTerms) => readonly Said[];
