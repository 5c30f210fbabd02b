import type { TableSet } from '../install/table-set.ts';

/** A fact, or why it can't be read and the statement that would let this user read it. */
export type Known<T> = { readonly value: T } | { readonly why: string; readonly grant: string };

export interface TableFacts {
  readonly name: string;
  readonly engine: string | null;
  readonly primaryKey: boolean;
  readonly charset: string | null;
}

/** What one database server, and one user of it, tells. Read once. */
export interface DatabaseFacts {
  readonly set: TableSet;
  /** The database of the URL. */
  readonly database: string;
  /** `name@host`, as the server knows it. */
  readonly user: string;
  readonly version: string;
  /** Lines of SHOW GRANTS, with those of the current role. */
  readonly grants: readonly string[];
  /** Global variables by name, in lower case; those that the server doesn't have are missing. */
  readonly variables: Readonly<Record<string, string>>;
  /** The isolation of a session as Banyan opens them. */
  readonly isolation: string;
  /** Whether two statements of one session met the same connection and its variables. */
  readonly stableSession: boolean;
  /** What tells the server from others, as two connections of their own saw it. */
  readonly servers: readonly [string, string];
  readonly history: Known<number>;
  /** What the server said of SKIP LOCKED; undefined where it understands it. */
  readonly skipLocked: string | undefined;
  /** Milliseconds that its clock is ahead of this machine's, and what the answer's way leaves open. */
  readonly clock: { readonly ahead: number; readonly within: number };
  /** Columns and indexes of tables named `banyan_…`, as far as this user sees them; an index as `name (col, col)`. */
  readonly columns: Readonly<Record<string, readonly string[]>>;
  readonly indexes: Readonly<Record<string, readonly string[]>>;
  /** All base tables of the database that this user sees. */
  readonly tables: readonly TableFacts[];
}

/** What the stream tells. */
export interface StreamFacts {
  readonly name: string;
  readonly status: string;
  readonly mode: string;
  readonly openShards: number;
  readonly retentionHours: number;
  readonly encrypted: boolean;
  readonly recordBytes: number;
}

/** What Redis tells. */
export interface RedisFacts {
  readonly version: string;
  /** `noeviction` keeps what jobs are made of; undefined where it isn't told. */
  readonly eviction: string | undefined;
  readonly clock: { readonly ahead: number; readonly within: number };
}
