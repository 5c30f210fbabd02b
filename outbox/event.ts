/**
 * An event as the monolith's developer writes it. It becomes a CloudEvents 1.0 envelope
 * (https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/spec.md) on the stream.
 */
export interface NewEvent<Data = unknown> {
  /** What happened: `OrderPlaced`. At most 190 characters. */
  readonly type: string;
  /** The thing it happened to. Type (at most 64 characters) and id (at most 190) together are the key. */
  readonly aggregate: { readonly type: string; readonly id: string | number | bigint };
  /** JSON; kept to the byte. */
  readonly data: Data;
  /** Unique; a random UUID unless given. At most 64 ASCII characters. */
  readonly id?: string;
  /** Who says so, a URI reference. `/monolith` unless given. At most 190 characters. */
  readonly source?: string;
  /** When it happened; the database's own time unless given. */
  readonly time?: Date;
  /** Of its data, a whole number; the newest in the registry unless given, 1 without a registry. */
  readonly version?: number;
  /** CloudEvents extension attributes: names of lower-case letters and digits, values string, number or boolean. */
  readonly extensions?: Readonly<Record<string, string | number | boolean>>;
}

/** A CloudEvents 1.0 envelope in JSON, as it stands on the stream. */
export interface CloudEvent<Data = unknown> {
  readonly specversion: '1.0';
  readonly id: string;
  readonly source: string;
  readonly type: string;
  /** The aggregate's id. */
  readonly subject: string;
  /** RFC 3339, UTC, microseconds. */
  readonly time: string;
  readonly datacontenttype: 'application/json';
  /** CloudEvents extension `partitionkey`: the key, `type:id` of the aggregate. */
  readonly partitionkey: string;
  /** CloudEvents extension `recordedtime`: when the row was appended, by the database's clock. */
  readonly recordedtime: string;
  /** The version of the data; 1 when absent. */
  readonly dataversion?: number;
  /**
   * CloudEvents extension `sequence` of aggregates that are `ordered: sequence`: the number within the key, from 1 on, as
   * 20 digits, because the extension asks for a text whose order as a text is the order of the events
   * (https://github.com/cloudevents/spec/blob/main/cloudevents/extensions/sequence.md).
   */
  readonly sequence?: string;
  readonly data: Data;
  readonly [extension: string]: unknown;
}

/** How many buckets the keys are hashed into; the database computes a key's bucket itself. */
export const BUCKETS = 64;

/** The type of the events that relays append to measure the whole way; a consumer never gives one to a handler. */
export const HEARTBEAT = 'banyan.heartbeat';

/** The aggregate type of heartbeats, and so what their keys begin with. */
export const HEARTBEAT_AGGREGATE = 'banyan';

/** The parts of an envelope; `data` and the times are text that goes into it as it stands. */
export interface EnvelopeParts {
  readonly id: string;
  readonly source: string;
  readonly type: string;
  readonly aggregateType: string;
  readonly aggregateId: string;
  /** RFC 3339, UTC, microseconds. */
  readonly time: string;
  readonly recordedTime: string;
  readonly extensions: Readonly<Record<string, string | number | boolean>>;
  /** As `sequenceText` writes it; none of aggregates that have no numbers. */
  readonly sequence?: string | undefined;
  /** JSON text, embedded byte for byte: `1.10` and integers above 2^53 stay what they are. */
  readonly data: string;
}

/** Attributes that only Banyan writes; an extension of such a name is refused by `append`. */
export const CORE_ATTRIBUTES: ReadonlySet<string> = new Set(
  (
    'specversion id source type subject time datacontenttype dataschema ' +
    'partitionkey recordedtime sequence data data_base64'
  ).split(' '),
);

/** A number within a key as the envelope says it: the 20 digits that the largest BIGINT UNSIGNED has. */
export function sequenceText(number: number | string): string {
  return String(number).padStart(20, '0');
}

/** The JSON text of a CloudEvent, as it goes to the stream. */
export function envelopeText(parts: EnvelopeParts): string {
  const attributes = JSON.stringify({
    ...parts.extensions,
    specversion: '1.0',
    id: parts.id,
    source: parts.source,
    type: parts.type,
    subject: parts.aggregateId,
    time: parts.time,
    datacontenttype: 'application/json',
    partitionkey: `${parts.aggregateType}:${parts.aggregateId}`,
    recordedtime: parts.recordedTime,
    sequence: parts.sequence,
  });
  return `${attributes.slice(0, -1)},"data":${parts.data}}`;
}
