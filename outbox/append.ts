import { randomUUID } from 'node:crypto';
import { CORE_ATTRIBUTES, envelopeText, type NewEvent } from './event.ts';
import { jsonText } from './json-text.ts';
import { mistakeOfText, show } from './mistake-of-text.ts';

/** Runs one statement with `?` placeholders inside the caller's open transaction. */
export type Execute = (sql: string, values: (string | null)[]) => PromiseLike<unknown>;

export interface AppendOptions {
  /**
   * The stream's record limit in bytes, envelope and key included. Default 1,048,576, which is Kinesis' own
   * unless the stream was raised (https://docs.aws.amazon.com/streams/latest/dev/service-sizes-and-limits.html).
   */
  readonly recordLimit?: number;
}

/** Every mistake of every event of one `append`; nothing was sent to the database. */
export class InvalidEventError extends Error {
  readonly mistakes: readonly string[];
  constructor(mistakes: readonly string[]) {
    super(
      mistakes.length === 1
        ? `nothing was appended: ${mistakes[0]}`
        : `nothing was appended, ${mistakes.length} mistakes:\n${mistakes.map((mistake) => `  ${mistake}`).join('\n')}`,
    );
    this.name = 'InvalidEventError';
    this.mistakes = mistakes;
  }
}

/** One statement has 65,535 placeholders at most (MySQL and MariaDB), a row takes up to 8. */
const MOST_EVENTS = 5_000;

/**
 * Writes events into `banyan_outbox` inside the caller's transaction, with one INSERT; they go to the stream
 * if and when that transaction commits, in commit order per key provided that the caller holds a lock on the
 * aggregate (updating its row does). Returns the event ids in the order given.
 *
 * Rejects with InvalidEventError before anything is sent when an event isn't one, else with what `execute`
 * rejected with: the transaction is the caller's to roll back.
 */
export async function append(
  execute: Execute,
  event: NewEvent | readonly NewEvent[],
  { recordLimit = 1_048_576 }: AppendOptions = {},
): Promise<string[]> {
  const events = Array.isArray(event) ? (event as readonly NewEvent[]) : [event as NewEvent];
  if (events.length === 0) return [];
  if (events.length > MOST_EVENTS) {
    throw new InvalidEventError([
      `${events.length} events at once; at most ${MOST_EVENTS} fit one statement: append them in parts`,
    ]);
  }
  const mistakes: string[] = [];
  const rows = events.map((given, index) => {
    const found: string[] = [];
    const row = toRow(given, recordLimit, found);
    mistakes.push(...found.map((one) => (events.length === 1 ? one : `event ${index + 1}: ${one}`)));
    return row;
  });
  const ids = rows.map(({ id }) => id);
  const seen = new Set<string>();
  for (const id of ids) {
    if (seen.has(id)) mistakes.push(`id: '${id}' is given more than once; an event's id is its own`);
    seen.add(id);
  }
  if (mistakes.length > 0) throw new InvalidEventError(mistakes);
  const timed = rows.some(({ time }) => time !== undefined);
  const places = rows.map(({ time }) => `(?, ?, ?, ?, ?, ${time === undefined ? 'DEFAULT' : UTC}, ?, ?)`);
  await execute(
    `${timed ? MARIADB_IN_UTC : ''}INSERT INTO banyan_outbox (event_id, source, type, aggregate_type, aggregate_id, occurred_at, data, extensions) VALUES ${places.join(', ')}`,
    rows.flatMap(({ values }) => values),
  );
  return ids;
}

// A time given in a session whose zone has summer time: FROM_UNIXTIME is an hour off in the hour that comes
// twice (seen on MariaDB 10.11), and each driver sends a Date in another zone. MySQL reads an offset in the
// text, MariaDB doesn't but can change the zone for one statement; each ignores the other's comment.
const UTC = "CONCAT(?, /*!80019 '+00:00', */ '')";
const MARIADB_IN_UTC = "/*M!100500 SET STATEMENT time_zone = '+00:00' FOR */ ";

interface Row {
  readonly id: string;
  readonly time: string | undefined;
  readonly values: readonly (string | null)[];
}

/** The row's values; what is wrong with the event is added to `mistakes`. */
function toRow(event: NewEvent, recordLimit: number, mistakes: string[]): Row {
  const { id = randomUUID(), source = '/monolith', type, time, extensions = {} } = event ?? {};
  const aggregateType = event?.aggregate?.type;
  const aggregateId =
    typeof event?.aggregate?.id === 'string' ? event.aggregate.id : wholeNumber(event?.aggregate?.id);
  const say = (field: string, mistake: string | undefined) => {
    if (mistake !== undefined) mistakes.push(`${field}: ${mistake}`);
  };
  say('id', matches(id, /^[\x21-\x7e]{1,64}$/, '1 to 64 printable ASCII characters without spaces'));
  say(
    'source',
    mistakeOfText(source, 190) ?? matches(source, URI_REFERENCE, 'a URI reference such as /monolith'),
  );
  say('type', mistakeOfText(type, 190));
  say(
    'aggregate.type',
    mistakeOfText(aggregateType, 64) ??
      matches(aggregateType, /^[^:]*$/, "without ':', which ends it in the key"),
  );
  say('aggregate.id', mistakeOfText(aggregateId, 190));
  if (time !== undefined) say('time', mistakeOfTime(time));
  for (const [name, value] of Object.entries(extensions)) {
    say(`extensions.${name}`, mistakeOfExtension(name, value));
  }
  const data = jsonText(event?.data, mistakes);
  if (mistakes.length === 0) {
    const key = `${aggregateType}:${aggregateId}`;
    if (key.length > 256) {
      say('aggregate', `the key has ${key.length} UTF-16 characters; Kinesis takes a key of at most 256`);
    }
    const parts = { id, source, type, aggregateType, aggregateId: aggregateId as string, extensions, data };
    // Both times have the same length whatever they are.
    const times = { time: new Date(0).toISOString(), recordedTime: new Date(0).toISOString() };
    const size = Buffer.byteLength(envelopeText({ ...parts, ...times })) + 6 + Buffer.byteLength(key);
    if (size > recordLimit) {
      say(
        'data',
        `the record would have ${size} bytes with its envelope and key, the stream takes ${recordLimit}: ` +
          'store the large part elsewhere and put a reference to it in the event, or raise the limit of the stream and pass it as recordLimit',
      );
    }
  }
  const extended = Object.keys(extensions).length === 0 ? null : JSON.stringify(extensions);
  const at = mistakes.length > 0 ? undefined : time?.toISOString().replace('T', ' ').replace('Z', '');
  return {
    id,
    time: at,
    values: [
      id,
      source,
      type,
      aggregateType!,
      aggregateId as string,
      ...(at === undefined ? [] : [at]),
      data,
      extended,
    ],
  };
}

// RFC 3986, appendix A: the characters of a URI reference.
const URI_REFERENCE = /^(?:[\w\-.~:/?#[\]@!$&'()*+,;=]|%[0-9A-Fa-f]{2})+$/;

function wholeNumber(value: unknown): unknown {
  return typeof value === 'bigint' || Number.isSafeInteger(value) ? String(value) : value;
}

function matches(value: unknown, pattern: RegExp, required: string): string | undefined {
  return typeof value === 'string' && pattern.test(value)
    ? undefined
    : `is ${show(value)}, it must be ${required}`;
}

function mistakeOfTime(time: unknown): string | undefined {
  // The range of a TIMESTAMP on every supported server.
  const at = time instanceof Date ? Number(time) : NaN;
  return at >= 1_000 && at < 2 ** 31 * 1_000
    ? undefined
    : `is ${show(time)}, it must be a Date between 1970-01-01T00:00:01Z and 2038-01-19T03:14:07Z`;
}

function mistakeOfExtension(name: string, value: unknown): string | undefined {
  if (!/^[a-z0-9]{1,20}$/.test(name)) return 'a name has 1 to 20 lower-case letters and digits';
  if (CORE_ATTRIBUTES.has(name)) return 'is an attribute that Banyan writes itself; take another name';
  if (typeof value === 'boolean') return undefined;
  if (typeof value === 'string')
    return value === '' ? 'is empty; leave it out' : mistakeOfText(value, 65_535);
  return Number.isInteger(value) && Math.abs(value as number) < 2 ** 31
    ? undefined
    : `is ${show(value)}, it must be a string, a boolean or a whole number of 32 bits (CloudEvents has no other)`;
}
