import type { Limit } from '../runtime/with-connection.ts';
import type { SequenceInbox } from './sequence-inbox.ts';

/** A place in the stream, for one application. */
export interface Position {
  readonly application: string;
  readonly stream: string;
  readonly shard: string;
  readonly sequenceNumber: string;
}

/**
 * Where an application remembers which events it has handled and how far it is. Kept in the service's own database,
 * so that both commit together with a handler's effect. It does not promise order: the caller applies one record of
 * a shard after the other.
 *
 * Every call rejects at its `limit`, however silent the database is, and gives up what it holds there. What was
 * committing at that moment may have been committed: the caller calls again, and `apply` finds the event in the inbox.
 */
export interface Inbox<Tx> {
  /** The sequence number of the last record of the shard that is done with; undefined when there is none. */
  checkpoint(place: Omit<Position, 'sequenceNumber'>, limit?: Limit): Promise<string | undefined>;
  /** Moves the checkpoint, never backwards. */
  advance(position: Position, limit?: Limit): Promise<void>;
  /**
   * Unless the event is in the inbox: runs `effect`, and commits it with the inbox row and the checkpoint, or none of
   * them. Without a sequence number the checkpoint stays where it is: more events of the same record follow.
   * Rejects with what `effect` rejected with. A duplicate leaves the checkpoint alone. An effect that is still
   * running at the limit is left to itself: its `tx` refuses whatever it tries then.
   */
  apply(
    position: Omit<Position, 'sequenceNumber'> & Partial<Position>,
    eventId: string,
    effect: (tx: Tx) => Promise<void>,
    limit?: Limit,
  ): Promise<'handled' | 'duplicate'>;
  /** For events of aggregates that are `ordered: sequence`; a registry that declares such asks for it. */
  readonly numbers?: SequenceInbox<Tx>;
}
