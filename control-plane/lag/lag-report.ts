import type { BackfillDue } from '../budget/stop-captures.ts';
import type { HeldFigures } from '../../consumer/index.ts';
import type { OpenTransaction } from '../../outbox/open-transactions.ts';

/** What is known of a set of event types. Null is "unknown", but for an age also "there is none". */
export interface OutboxFigures {
  /** Events that are committed and not acknowledged by the stream. */
  readonly pending: number | null;
  readonly parked: number | null;
  /** Age of the oldest pending event in milliseconds, by the outbox database's clock. */
  readonly oldestAgeMs: number | null;
  readonly oldestParkedAgeMs: number | null;
  /** Events a second appended and settled, over the last ten seconds. */
  readonly rateIn: number | null;
  readonly rateOut: number | null;
}

/** `none`: no consumer is configured, the figure doesn't apply. */
export type ConsumerState = 'known' | 'unknown' | 'none';

export interface ConsumerFigures {
  readonly consumerState: ConsumerState;
  /** Its last report's, older by the time since then, in the outbox database's clock; null unless known. */
  readonly consumerLagMs: number | null;
}

export interface EndToEndFigures {
  /** `none`: not measured: no consumer, no heartbeats, or none to be expected yet. */
  readonly endToEndState: ConsumerState;
  /** Age of the heartbeat that is furthest behind, by the outbox database's clock; null unless known. */
  readonly endToEndMs: number | null;
}

export interface ConsumerHolds {
  /**
   * What the consumer holds of aggregates that are `ordered: sequence`: events that wait for a number, and such as are parked.
   * Null: nobody can say; absent where it keeps no numbers, or hasn't reported that it does.
   */
  readonly consumerHeld?: HeldFigures | null;
}

export interface ContextLag extends OutboxFigures, ConsumerFigures, EndToEndFigures, ConsumerHolds {
  readonly name: string;
  /** The application whose lag is this context's. */
  readonly consumer: string | null;
  /** How long ago it reported last; null if it never has, or none is configured. */
  readonly consumerSeenAgoMs: number | null;
}

/** What GET /v1/lag answers with. */
export interface LagReport {
  /** RFC 3339: the outbox database's clock; this process' clock while the database is away. */
  readonly at: string;
  readonly contexts: readonly ContextLag[];
  /**
   * All contexts and what is unassigned; the greatest age, and unknown when a part is unknown. What a consumer of several
   * contexts holds counts once.
   */
  readonly total: OutboxFigures & ConsumerFigures & EndToEndFigures & ConsumerHolds;
  /** Milliseconds between two heartbeats: `endToEndMs` is up to so much too great. Null: none are sent. */
  readonly heartbeatMs: number | null;
  /** Event types that belong to no context. */
  readonly unassigned: OutboxFigures & { readonly types: readonly string[] };
  readonly openTransaction: OpenTransaction;
  /** Captures that were stopped at the budget of the outbox: their tables need a backfill. Null: nobody knows. */
  readonly backfillDue: readonly BackfillDue[] | null;
  readonly relays: readonly { readonly relay: string; readonly seenAgoMs: number | null }[];
  /** What is wrong or unknown, for people; empty when everything needed is known. */
  readonly problems: readonly string[];
}
