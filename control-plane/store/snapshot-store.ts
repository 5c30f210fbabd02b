import type { ContextStages, GatewayReport, Kill, KillRecord, SnapshotSource } from '../../contexts/index.ts';

/** The stages that a person can set. */
export type ReadsAndWrites = Pick<ContextStages, 'reads' | 'writes'>;

/** What a context begins with, from `banyan.yaml`, until the store has it. */
export type FirstStages = Readonly<Record<string, ReadsAndWrites>>;

/** Who changes something, and why; both go into the audit. */
export interface Author {
  readonly actor: string;
  readonly reason?: string | undefined;
}

/** One line of the audit, written in the same transaction as the change that it tells of. */
export interface AuditEntry {
  readonly revision: number;
  /** ISO 8601, UTC, by the store's clock. */
  readonly at: string;
  readonly actor: string;
  /**
   * `first`: taken from banyan.yaml. `restored`: the store was found older than what a gateway has in force. `kill` and
   * `release`: done on one gateway, whatever the store said, and told to the store later.
   */
  readonly action: 'first' | 'set' | 'undo' | 'restored' | KillRecord['action'];
  /** `*` for the whole store. */
  readonly context: string;
  readonly before: ReadsAndWrites | null;
  readonly after: ReadsAndWrites | null;
  readonly reason: string | null;
  /** Only of `kill` and `release`: on which gateway, and when by its clock. */
  readonly kill?: AuditedKill;
}

export type AuditedKill = Pick<Kill, 'id' | 'at' | 'consent'> & Pick<KillRecord, 'gateway'>;

/** What became of a change. */
export interface Change {
  readonly generation: string;
  readonly revision: number;
  readonly before: ReadsAndWrites;
  readonly after: ReadsAndWrites;
  /** False when the context was in these stages already: nothing is written then. */
  readonly changed: boolean;
  /** `performance.now()` of this process just before the store was told to commit. */
  readonly committedAt: number;
}

/**
 * A gateway that has reported and neither left nor was forgotten, however long ago: one that is cut off goes on
 * sending requests somewhere, so it stays named.
 */
export interface RegisteredGateway extends GatewayReport {
  /** Milliseconds since its last report, by the store's clock. */
  readonly seenAgoMs: number;
  /** Why its report can't be read; what it has in force is unknown then. */
  readonly unreadable?: string;
}

/** Which process speaks in a gateway's name. */
export interface Speaker {
  /** Unlike any other process's; at most 190 characters of ASCII. */
  readonly instance: string;
  /** The name may be taken from an instance that begins so: an earlier process, known to be gone. */
  readonly replaces?: string | undefined;
}

/**
 * Where the stages live. A change is durable when its promise resolves, revisions of a generation never go
 * back or repeat, and two changes at the same time both count. It does not promise that a listener is called:
 * who waits for something also polls.
 *
 * Every method rejects with `StoreAway` while the store can't be reached, and the state stays as it was; only
 * a change cut off in its commit may have taken effect all the same.
 */
export interface SnapshotStore extends SnapshotSource {
  /**
   * Puts one context into the stages that `next` returns for its current ones. `next` is pure; it runs inside
   * the store's lock, perhaps more than once, and what it throws leaves everything as it was.
   */
  change(context: string, next: (current: ReadsAndWrites) => ReadsAndWrites, author: Author): Promise<Change>;
  /**
   * Takes the context's latest change back that isn't taken back yet, as a new revision. A second undo takes the
   * change before that back, and so on. `allow` may throw to prevent it. Throws a Refusal when nothing is left.
   */
  undo(
    context: string,
    allow: (current: ReadsAndWrites, restored: ReadsAndWrites) => void,
    author: Author,
  ): Promise<Change>;
  /**
   * Registers the gateway and keeps what it has in force. False, and nothing is kept, when another instance has
   * the name. Without a speaker it is nobody in particular.
   */
  confirm(report: GatewayReport, speaker?: Speaker): Promise<boolean>;
  /** As `SnapshotSource.recordKill`; two that tell of the same one at the same time still make one entry. */
  recordKill(record: KillRecord): Promise<void>;
  /** As `SnapshotSource.lag`. */
  lag(): Promise<Readonly<Record<string, number>>>;
  /**
   * Keeps the lag of these contexts, for `lag`; those that are left out stay as they are, and grow older. `ago` may be asked
   * late: what it says must be true when it says it.
   */
  putLag(ago: () => Readonly<Record<string, number>>): Promise<void>;
  /** The registered gateways, by name. */
  gateways(): Promise<RegisteredGateway[]>;
  /** Calls `listener` when a gateway may have reported. Returns the way to stop it. */
  onConfirmation(listener: () => void): () => void;
  /** Takes a gateway that stops off the register, unless another instance has the name. */
  leave(gateway: string, instance?: string): Promise<void>;
  /** Takes a gateway off the register, whoever has the name. False when there is none. */
  forget(gateway: string): Promise<boolean>;
  /** What was changed, the newest first; at most `limit` entries (default 100). */
  audit(filter?: { context?: string | undefined; limit?: number }): Promise<AuditEntry[]>;
  /** Ends its connections and watches. */
  close(): Promise<void>;
}

/** The store can't be reached or can't be used; the last good state stays in force on the gateways. */
export class StoreAway extends Error {}
