import type { CloudEvent } from '../outbox/event.ts';
import type { Limit } from '../runtime/with-connection.ts';
import type { Position } from './inbox.ts';
import type { Numbered } from './numbered.ts';

/** What a handler does with one event; undefined for a type without a handler. */
export type Effect<Tx> = ((tx: Tx) => Promise<void>) | undefined;

/**
 * What became of a numbered event. `handled`: its number was next; the effect, if there is one, is committed. `duplicate`:
 * its id is in the inbox, or it is held already. `gap`: held until the numbers between `last` and its own have come.
 * `known`: parked, since the key has passed its number, with `other`, the event that had it where that is known.
 */
export type Applied = (
  | { readonly outcome: 'handled' | 'duplicate' }
  | { readonly outcome: 'gap'; readonly last: bigint }
  | { readonly outcome: 'known'; readonly last: bigint; readonly other: string | undefined }
) & {
  /** A held event of the key can be handled now. */
  readonly ready: boolean;
};

/** What became of a held event. `none`: none of the key could be handled. */
export type AppliedHeld =
  | { readonly outcome: 'none'; readonly ready: false }
  | (Applied & { readonly outcome: 'handled' | 'duplicate' | 'known'; readonly held: Numbered });

/** The events that an application holds, by why it does. */
export interface HeldCounts {
  readonly events: number;
  /** How long the one that is held longest has been, by the database's clock, in whole seconds; 0 when there is none. */
  readonly oldestSeconds: number;
  /** When the oldest one was recorded, in milliseconds since 1970. */
  readonly recorded: number | undefined;
}

/** A key that waits for numbers. */
export interface WaitingKey {
  readonly key: string;
  /** The last number handled, and the first that is held: those between are missing. */
  readonly last: bigint;
  readonly first: bigint;
  readonly events: number;
  readonly seconds: number;
}

export interface HeldReading {
  readonly gap: HeldCounts;
  /** Those parked for a known number that nobody has decided on. */
  readonly known: HeldCounts;
  /** Keys of which held events can be handled now. */
  readonly ready: readonly string[];
}

/** Where a purge goes on: after this number of a key, or this entry of the audit. */
export type PurgePlace =
  | { readonly table: 'number'; readonly key: string; readonly number: bigint }
  | { readonly table: 'audit'; readonly id: number | string };

export interface PurgedPage {
  readonly deleted: number;
  /** Undefined when there is no more to look at. */
  readonly next: PurgePlace | undefined;
}

/**
 * The part of an inbox that keeps numbers: the last one handled of each key, under a lock that everyone takes who
 * handles an event of the key. Moving it, the effect, the inbox row and the checkpoint commit together; so do holding an event
 * and the checkpoint, and handling a held one and taking it out. A key begins with the first number seen of it. An event's
 * rejection, time limit and duplicates are those of `Inbox.apply`.
 */
export interface SequenceInbox<Tx> {
  apply(
    position: Omit<Position, 'sequenceNumber'> & Partial<Position>,
    numbered: Numbered,
    /** `recorded`: when the event was, in milliseconds since 1970; kept with one that is held. */
    given: { readonly effect: Effect<Tx>; readonly recorded: number },
    limit?: Limit,
  ): Promise<Applied>;
  /** The next held event of the key whose turn it is, or that an operator wants handled. */
  applyHeld(
    application: string,
    key: string,
    effectOf: (event: CloudEvent) => Effect<Tx>,
    limit?: Limit,
  ): Promise<AppliedHeld>;
  read(application: string, limit?: Limit): Promise<HeldReading>;
  /** Those that have waited longest, at most `most`. */
  waiting(application: string, most: number, limit?: Limit): Promise<WaitingKey[]>;
  /**
   * Deletes, of one small page after `from`, the numbers that their keys have passed and the entries of the audit that are
   * older than 365 days. What decides on an event that comes stays: the last number of each key.
   */
  purge(application: string, from?: PurgePlace, limit?: Limit): Promise<PurgedPage>;
}
