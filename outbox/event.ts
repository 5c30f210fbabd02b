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
