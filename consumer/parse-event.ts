import type { CloudEvent } from '../outbox/event.ts';

export type Parsed =
  | { readonly kind: 'event'; readonly event: CloudEvent }
  /** Somebody else's record on the stream, or a broken one. */
  | { readonly kind: 'foreign'; readonly why: string };

/**
 * Reads the data of a record as a CloudEvents 1.0 envelope in JSON. `specversion`, `id`, `source` and `type` have to be there
 * (https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/spec.md#required-attributes).
 */
export function parseEvent(data: Uint8Array): Parsed {
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(data));
  } catch (error) {
    // The parser's own message quotes what it has read, which may be personal; where it stopped is enough.
    const place = / at position \d+.*$/.exec((error as Error).message)?.[0] ?? '';
    return { kind: 'foreign', why: `it is no JSON${place}` };
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    return { kind: 'foreign', why: 'it is no JSON object' };
  const envelope = value as Record<string, unknown>;
  if (envelope['specversion'] !== '1.0')
    return { kind: 'foreign', why: `specversion is ${JSON.stringify(envelope['specversion'])}, not "1.0"` };
  for (const attribute of ['id', 'source', 'type']) {
    if (typeof envelope[attribute] !== 'string' || envelope[attribute] === '')
      return { kind: 'foreign', why: `attribute ${attribute} is missing` };
  }
  return { kind: 'event', event: value as CloudEvent };
}

/** When the event was appended, in milliseconds since 1970 by the outbox database's clock; undefined if it doesn't say. */
export function recordedAt(event: CloudEvent): number | undefined {
  const time = typeof event.recordedtime === 'string' ? Date.parse(event.recordedtime) : Number.NaN;
  return Number.isNaN(time) ? undefined : time;
}
