import {
  countWaiting,
  readEvent,
  readSuccessors,
  type ShownEvent,
  type Successor,
  type Waiting,
} from '../../outbox/operator/index.ts';
import type { Database } from '../../runtime/database.ts';
import { printable } from './format-parked.ts';

/** Successors that are listed. */
const LISTED = 20;

export interface Shown extends ShownEvent {
  readonly waiting: Waiting;
  readonly successors: readonly Successor[];
}

/** An event with what waits behind it, its data masked by `mask`. */
export async function readShown(
  database: Database,
  id: string,
  mask: (type: string, data: string) => string,
): Promise<Shown | undefined> {
  const event = await readEvent(database, id);
  if (!event) return undefined;
  const waiting = await countWaiting(database, [event]);
  return {
    ...event,
    data: mask(event.type, event.data),
    waiting: waiting.get(event.key)!,
    successors: await readSuccessors(database, event, LISTED),
  };
}

/** As people read it. */
export function formatShown(event: Shown): string {
  const { waiting, successors } = event;
  const fields: [string, string | null][] = [
    ['id', String(event.id)],
    ['event id', event.eventId],
    ['key', event.key],
    ['type', event.type],
    ['source', event.source],
    ['state', event.outcome ? `${event.state} (${event.outcome})` : event.state],
    ['kind', event.kind],
    ['reason', event.reason],
    ['occurred', `${event.occurredAt} UTC`],
    ['appended', `${event.appendedAt} UTC`],
    ['parked', event.parkedAt && `${event.parkedAt} UTC`],
    ['bytes', String(event.bytes)],
    ['bucket', String(event.bucket)],
    ['extensions', event.extensions],
    ['data', event.data],
    ['waiting', `${waiting.events}${waiting.atLeast ? ' or more' : ''} pending of this key`],
  ];
  return [
    ...fields.flatMap(([name, value]) => (value === null ? [] : [`${name.padEnd(10)}  ${printable(value)}`])),
    ...(successors.length > 0 ? ['next of its key:'] : []),
    ...successors.map(({ id, type, state }) => `  ${id}  ${printable(type)}  ${state}`),
  ]
    .map((line) => `${line}\n`)
    .join('');
}
