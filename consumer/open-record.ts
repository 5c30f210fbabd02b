import { openAggregate } from '../outbox/aggregated-record.ts';
import { parseEvent, type Parsed } from './parse-event.ts';

/**
 * What is in a record, in order: one event, or several that were packed into it in the KPL's aggregated format.
 * Never empty.
 */
export function openRecord(data: Uint8Array): Parsed[] {
  const packed = openAggregate(data);
  if (packed === undefined) return [parseEvent(data)];
  if (packed.length === 0) return [{ kind: 'foreign', why: 'it is an aggregated record without events' }];
  return packed.map(parseEvent);
}
