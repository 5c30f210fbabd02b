import { randomUUID } from 'node:crypto';
import { PutRecordsCommand, type KinesisClient, type PutRecordsRequestEntry } from '@aws-sdk/client-kinesis';
import { sequenceText, type CloudEvent } from '../../outbox/event.ts';
import { kinesisClient } from '../support/stream.ts';

/** An event as the relay would have sent it: the `n`-th of its key. */
export function counted(key: string, n: number, more: Partial<CloudEvent> = {}): CloudEvent {
  const now = new Date().toISOString().replace('Z', '000Z');
  return {
    specversion: '1.0',
    id: randomUUID(),
    source: '/monolith',
    type: 'Counted',
    subject: key,
    time: now,
    datacontenttype: 'application/json',
    partitionkey: `counter:${key}`,
    recordedtime: now,
    data: { n },
    ...more,
  };
}

/** The same of an aggregate that is `ordered: sequence`. */
export function numberedEvent(key: string, n: number, more: Partial<CloudEvent> = {}): CloudEvent {
  return counted(key, n, { sequence: sequenceText(n), ...more });
}

/** `each` events for each of `keys` keys, the keys taking turns. */
export function countedEvents(keys: number, each: number): CloudEvent[] {
  return Array.from({ length: keys * each }, (_, i) => counted(`k${i % keys}`, Math.floor(i / keys) + 1));
}

/** The same with numbers. */
export function numberedEvents(keys: number, each: number): CloudEvent[] {
  return Array.from({ length: keys * each }, (_, i) =>
    numberedEvent(`k${i % keys}`, Math.floor(i / keys) + 1),
  );
}

/** The same events, all but the first of each key up to `distance` places later, and one in ten twice. */
export function disordered(events: readonly CloudEvent[], distance: number): CloudEvent[] {
  const placed = events.flatMap((event, index) => {
    if ((event.data as { n: number }).n === 1) return [{ event, place: index - distance }];
    const again = Math.random() < 0.1 ? [{ event, place: index + 2 * distance * Math.random() }] : [];
    return [{ event, place: index + distance * Math.random() }, ...again];
  });
  return placed.toSorted((a, b) => a.place - b.place).map(({ event }) => event);
}

/** Puts records in the given order; the emulator takes all or none. */
export async function put(
  StreamName: string,
  events: readonly (CloudEvent | ForeignRecord)[],
  client: KinesisClient = kinesisClient(),
): Promise<void> {
  for (let from = 0; from < events.length; from += 500) {
    const { FailedRecordCount } = await client.send(
      new PutRecordsCommand({
        StreamName,
        Records: events.slice(from, from + 500).map(entry),
      }),
    );
    if (FailedRecordCount) throw new Error(`${FailedRecordCount} records were not taken`);
  }
}

/** What somebody else may have put on the stream. */
export class ForeignRecord {
  readonly key: string;
  readonly bytes: Uint8Array;
  constructor(key: string, bytes: Uint8Array | string) {
    this.key = key;
    this.bytes = Buffer.from(bytes);
  }
}

function entry(event: CloudEvent | ForeignRecord): PutRecordsRequestEntry {
  return event instanceof ForeignRecord
    ? { PartitionKey: event.key, Data: event.bytes }
    : { PartitionKey: event.partitionkey, Data: Buffer.from(JSON.stringify(event)) };
}
