import { HEARTBEAT, type CloudEvent } from '../outbox/event.ts';
import type { Registry } from '../outbox/registry/registry.ts';
import type { Log } from '../runtime/log.ts';
import type { Limit } from '../runtime/with-connection.ts';
import { effectOf } from './effect-of.ts';
import { handleNumbered } from './handle-numbered.ts';
import type { Heartbeats } from './heartbeats.ts';
import type { HeldEvents } from './held-events.ts';
import type { Inbox } from './inbox.ts';
import { insist } from './insist.ts';
import type { Meter } from './meter.ts';
import { numbered } from './numbered.ts';
import type { Parsed } from './parse-event.ts';

/**
 * What an application does with an event, in the transaction that also marks it as handled. A rejection rolls
 * everything back; the event is tried again, and nothing after it in its shard is touched before it succeeded.
 */
export type Handler<Tx> = {
  // Method syntax, so that a handler may declare the data that its own type of event carries.
  handle(event: CloudEvent, tx: Tx): Promise<void>;
}['handle'];

export interface Handling<Tx> {
  readonly application: string;
  readonly stream: string;
  readonly handlers: ReadonlyMap<string, Handler<Tx>>;
  /** Brings older data to the newest version; events are handled as they are without. */
  readonly registry?: Registry | undefined;
  /** Whether replays of a type are handled. */
  readonly replays: (type: string) => boolean;
  readonly inbox: Inbox<Tx>;
  readonly log: Log;
  readonly meter: Meter;
  readonly heartbeats: Heartbeats;
  readonly held: HeldEvents;
  /** Aborts when no further record is to be begun. */
  readonly signal: AbortSignal;
  /** Of one attempt at a record; its signal aborts when even the record in hand is to be given up. */
  readonly limit: Limit;
}

/**
 * `done`: its checkpoint is committed. `passed`: nothing was to do, the checkpoint waits. `beat`: the same, and it may wait
 * for long. `stopped`: not handled.
 */
export type Handled = 'done' | 'passed' | 'beat' | 'stopped';

/** An event of a record, or what else is in it. */
export interface ParsedRecord {
  readonly sequenceNumber: string;
  readonly parsed: Parsed;
  /** Whether it is the last of its record: what is packed with it and comes before has been dealt with. */
  readonly last: boolean;
  /** When its event was recorded; when Kinesis took it, if it doesn't say. Milliseconds since 1970. */
  readonly time: number;
}

/** Handles one event of a record, as often as it takes; the checkpoint moves with the last. Never rejects. */
export async function handleRecord<Tx>(
  handling: Handling<Tx>,
  shard: string,
  { sequenceNumber, parsed, last, time }: ParsedRecord,
): Promise<Handled> {
  const { application, stream, replays, inbox, log, meter, limit } = handling;
  if (handling.signal.aborted) return 'stopped';
  if (parsed.kind === 'foreign') {
    meter.count('foreign');
    log.warn({ shard, sequenceNumber, why: parsed.why }, 'passed over a record that is no CloudEvent');
    return 'passed';
  }
  const { event } = parsed;
  if (event.type === HEARTBEAT) {
    handling.heartbeats.beat(shard, event);
    return 'beat';
  }
  const position = { application, stream, shard, ...(last ? { sequenceNumber } : {}) };
  const withNumber = numbered(handling.registry, event);
  if (withNumber) return handleNumbered(handling, position, withNumber, { time, sequenceNumber });
  const effect = effectOf(handling, event);
  if (!effect) {
    meter.count('unhandled');
    return 'passed';
  }
  if (typeof event['replayid'] === 'string' && !replays(event.type)) {
    meter.count('replay');
    return 'passed';
  }
  const outcome = await insist(handling, { shard, sequenceNumber }, () =>
    inbox.apply(position, event.id, effect, limit),
  );
  if (outcome === 'stopped') return 'stopped';
  meter.count(outcome);
  return outcome === 'handled' ? 'done' : 'passed';
}
