import type { KillRecord } from './kill.ts';
import type { Stages } from './stage.ts';

/** What a gateway tells about itself: at every poll, and at once when it has taken a revision over. */
export interface GatewayReport {
  readonly gateway: string;
  readonly generation: string;
  readonly revision: number;
  /** Writes under way at this moment, per context. */
  readonly writesInFlight: Readonly<Record<string, number>>;
}

/**
 * Where a gateway gets the stages from. It promises durability and that revisions never go back within a
 * generation. It does not promise that a hint comes, comes once, or comes before the poll.
 */
export interface SnapshotSource {
  /** The stages in force. Rejects while the store is away. */
  read(): Promise<Stages>;
  /** Calls `listener` when there may be something new. Returns the way to stop it. */
  onHint(listener: () => void): () => void;
  /** Registers the gateway and says what it has in force. Rejects while the store is away. */
  confirm(report: GatewayReport): Promise<unknown>;
  /**
   * Puts a kill or a release of this gateway into the audit: once, however often it is told. Rejects while the store
   * is away. A source without an audit leaves it out.
   */
  recordKill?(record: KillRecord): Promise<void>;
  /**
   * How long ago, in milliseconds, each context's consumer had handled everything that was committed then: its lag from
   * the outbox to the effect, never understated. Contexts of which nobody knows are left out; below zero it is as good
   * as unknown. Rejects while the store is away. Without it every lag is unknown.
   */
  lag?(): Promise<Readonly<Record<string, number>>>;
}
