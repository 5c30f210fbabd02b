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
  readonly data: Data;
  readonly [extension: string]: unknown;
}

/** How many buckets the keys are hashed into; the database computes a key's bucket itself. */
export const BUCKETS = 64;

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
  /** JSON text, embedded byte for byte: `1.10` and integers above 2^53 stay what they are. */
  readonly data: string;
}

/** Attributes that only Banyan writes; an extension of such a name is refused by `append`. */
export const CORE_ATTRIBUTES: ReadonlySet<string> = new Set(
  (
    'specversion id source type subject time datacontenttype dataschema ' +
    'partitionkey recordedtime data data_base64'
  ).split(' '),
);

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
  });
  return `${attributes.slice(0, -1)},"data":${parts.data}}`;
}
