import type { Kill } from './kill.ts';

/** How it stands with one context on one gateway, after an order of the kill switch or without one. */
export interface ContextOutcome {
  readonly context: string;
  /** Null while the context's stage decides. */
  readonly kill: Kill | null;
  /** There where the context's reads are retired: a kill doesn't bring them back. */
  readonly retired?: true;
  /** Who gets its writes. */
  readonly writes: 'monolith' | 'extracted service' | 'nobody' | 'unknown';
  /** Whether this order has changed it. */
  readonly changed: boolean;
  /** Why the order wasn't carried out; absent when it was. */
  readonly refused?: { readonly kind: KillRefusal; readonly message: string };
}

/** `unknown`: no such context. `writes-moved`: a consent is missing. `in-file`: a line of the kill file holds it. */
export type KillRefusal = 'unknown' | 'writes-moved' | 'in-file';

/** What an ops port answers to an order of the kill switch, and to the question how it stands. */
export interface KillAnswer {
  readonly gateway: string;
  /** The process: two ways to one gateway are told from two gateways. */
  readonly instance: string;
  readonly generation: string;
  readonly revision: number;
  readonly contexts: readonly ContextOutcome[];
  /** Why it isn't on disk; absent when it is. It is in force all the same, until a restart. */
  readonly notKept?: string | undefined;
  /** Kills and releases that the store's audit doesn't have yet. */
  readonly unaudited: number;
}
