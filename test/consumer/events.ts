import { randomUUID } from 'node:crypto';
import { PutRecordsCommand, type KinesisClient, type PutRecordsRequestEntry } from '@aws-sdk/client-kinesis';
import type { CloudEvent } from '../../outbox/event.ts';
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

/** `each` events for each of `keys` keys, the keys taking turns. */
export function countedEvents(keys: number, each: number): CloudEvent[] {
  return Array.from({ length: keys * each }, (_, i) => counted(`k${i % keys}`, Math.floor(i / keys) + 1));
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
