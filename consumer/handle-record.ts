import type { CloudEvent } from '../outbox/event.ts';
import { backoff } from '../runtime/backoff.ts';
import type { Log } from '../runtime/log.ts';
import { wait } from '../runtime/wait.ts';
import type { Limit } from '../runtime/with-connection.ts';
import type { Inbox } from './inbox.ts';
import type { Meter } from './meter.ts';
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
  readonly inbox: Inbox<Tx>;
  readonly log: Log;
  readonly meter: Meter;
  /** Aborts when no further record is to be begun. */
  readonly signal: AbortSignal;
  /** Of one attempt at a record; its signal aborts when even the record in hand is to be given up. */
  readonly limit: Limit;
}

/** `done`: its checkpoint is committed. `passed`: nothing was to do, the checkpoint waits. `stopped`: not handled. */
export type Handled = 'done' | 'passed' | 'stopped';

/** A deadlock's victim may try again at once; more often than this, something else is wrong. */
const AT_ONCE = 5;

export interface ParsedRecord {
  readonly sequenceNumber: string;
  readonly parsed: Parsed;
}

/** Handles one record, as often as it takes. Never rejects. */
export async function handleRecord<Tx>(
  handling: Handling<Tx>,
  shard: string,
  { sequenceNumber, parsed }: ParsedRecord,
): Promise<Handled> {
  const { application, stream, handlers, inbox, log, meter, signal, limit } = handling;
  for (let attempt = 0; !signal.aborted; attempt += 1) {
    try {
      if (parsed.kind === 'aggregated')
        throw new Error('the record holds aggregated events, which this version of the consumer cannot open');
      if (parsed.kind === 'foreign') {
        meter.count('foreign');
        log.warn({ shard, sequenceNumber, why: parsed.why }, 'passed over a record that is no CloudEvent');
        return 'passed';
      }
      const { event } = parsed;
      const handle = handlers.get(event.type);
      if (!handle) {
        meter.count('unhandled');
        return 'passed';
      }
      const position = { application, stream, shard, sequenceNumber };
      const outcome = await inbox.apply(position, event.id, (tx) => handle(event, tx), limit);
      meter.count(outcome);
      return outcome === 'handled' ? 'done' : 'passed';
    } catch (error) {
      meter.retry();
      if (limit.signal?.aborted) {
        log.warn({ err: error, shard, sequenceNumber }, 'stopped in the middle of a record; it comes again');
        return 'stopped';
      }
      if (isDeadlock(error) && attempt < AT_ONCE) continue;
      const retryInMs = backoff(attempt);
      log.error(
        { err: error, shard, sequenceNumber, attempt, retryInMs },
        'a record failed; its shard waits for it',
      );
      await wait(retryInMs, signal);
    }
  }
  return 'stopped';
}

/** ER_LOCK_DEADLOCK, on either database. */
function isDeadlock(error: unknown): boolean {
  return (error as { errno?: number }).errno === 1213;
}
