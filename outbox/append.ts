import { randomUUID } from 'node:crypto';
import { CORE_ATTRIBUTES, envelopeText, type NewEvent } from './event.ts';

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
  say('source', text(source, 190) ?? matches(source, URI_REFERENCE, 'a URI reference such as /monolith'));
  say('type', text(type, 190));
  say(
    'aggregate.type',
    text(aggregateType, 64) ?? matches(aggregateType, /^[^:]*$/, "without ':', which ends it in the key"),
  );
  say('aggregate.id', text(aggregateId, 190));
  if (time !== undefined) say('time', mistakeOfTime(time));
  for (const [name, value] of Object.entries(extensions)) {
    say(`extensions.${name}`, mistakeOfExtension(name, value));
  }
  const data = toJson(event?.data, mistakes);
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

/** Why `value` is no text of 1 to `most` characters as the database counts them; undefined when it is. */
function text(value: unknown, most: number): string | undefined {
  if (typeof value !== 'string')
    return `is ${show(value)}, it must be a string${typeof value === 'number' ? ' or a whole number' : ''}`;
  if (value === '') return 'is empty';
  const length = [...value].length;
  if (length > most) return `has ${length} characters, at most ${most} fit`;
  // CloudEvents 1.0.2, section "Type system": no control characters, no lone surrogates.
  if (/[\p{Cc}\p{Surrogate}]/u.test(value))
    return `is ${show(value)}: a control character or half a character`;
  return undefined;
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
  if (typeof value === 'string') return value === '' ? 'is empty; leave it out' : text(value, 65_535);
  return Number.isInteger(value) && Math.abs(value as number) < 2 ** 31
    ? undefined
    : `is ${show(value)}, it must be a string, a boolean or a whole number of 32 bits (CloudEvents has no other)`;
}

/** MariaDB's JSON_VALID takes 31 levels, MySQL's 100; the column's CHECK asks it. */
const DEEPEST = 31;

/** The JSON text of `data`. What JSON can't hold, or would turn into something else unasked, is a mistake. */
function toJson(data: unknown, mistakes: string[]): string {
  const seen = new WeakMap<object, { path: string; depth: number }>();
  function check(this: object, key: string, value: unknown): unknown {
    const holder = seen.get(this);
    const path =
      holder === undefined ? 'data' : `${holder.path}${Array.isArray(this) ? `[${key}]` : `.${key}`}`;
    const depth = (holder?.depth ?? 0) + 1;
    const mistake = mistakeOfValue(value, holder === undefined || Array.isArray(this));
    if (mistake !== undefined) mistakes.push(`${path}: ${mistake}`);
    if (typeof value !== 'object' || value === null) return typeof value === 'bigint' ? null : value;
    seen.set(value, { path, depth });
    if (depth <= DEEPEST) return value;
    mistakes.push(
      `${path}: is nested deeper than ${DEEPEST} levels, which the database's JSON check refuses`,
    );
    return null;
  }
  try {
    return JSON.stringify(data, check) ?? 'null';
  } catch (cause) {
    mistakes.push(`data: can't be written as JSON: ${(cause as Error).message.split('\n')[0]}`);
    return 'null';
  }
}

/** `kept`: whether JSON keeps the place of an undefined (it leaves out an undefined property, as usual). */
function mistakeOfValue(value: unknown, kept: boolean): string | undefined {
  switch (typeof value) {
    case 'bigint':
      return `is the bigint ${value}, which JSON doesn't have; write it as a string`;
    case 'number':
      return Number.isFinite(value) ? undefined : `is ${value}, which JSON doesn't have`;
    case 'string':
      return /\p{Surrogate}/u.test(value) ? 'has half a character (a lone surrogate)' : undefined;
    case 'undefined':
      return kept ? "is undefined, which JSON doesn't have; write null" : undefined;
    case 'function':
    case 'symbol':
      return `is a ${typeof value}, which JSON doesn't have`;
    default:
      return value instanceof Map || value instanceof Set
        ? 'is a Map or Set, which JSON makes {}'
        : undefined;
  }
}

function show(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value.length > 80 ? `${value.slice(0, 80)}…` : value);
  return typeof value === 'object' && value !== null && !(value instanceof Date)
    ? 'an object'
    : String(value);
}
