import { randomUUID } from 'node:crypto';
import { CORE_ATTRIBUTES, envelopeText, sequenceText, type NewEvent } from './event.ts';
import { jsonText } from './json-text.ts';
import { mistakeOfText, show } from './mistake-of-text.ts';
import { declarationOf, isSequenced, versionsOf, type Registry } from './registry/registry.ts';

/** What goes into a row of `banyan_outbox`. */
export interface NewRow {
  readonly id: string;
  readonly source: string;
  readonly type: string;
  readonly aggregateType: string;
  readonly aggregateId: string;
  readonly key: string;
  /** In UTC, as the database writes it. */
  readonly time: string | undefined;
  readonly version: number;
  readonly data: string;
  readonly extensions: string | null;
}

/** The row of an event; what is wrong with the event is added to `mistakes`, and it is none then. */
export function newRow(
  event: NewEvent,
  { recordLimit, registry }: { readonly recordLimit: number; readonly registry: Registry | undefined },
  mistakes: string[],
): NewRow {
  const { id = randomUUID(), source = '/monolith', type, time, extensions = {} } = event ?? {};
  const aggregateType = event?.aggregate?.type;
  const aggregateId =
    typeof event?.aggregate?.id === 'string' ? event.aggregate.id : wholeNumber(event?.aggregate?.id);
  const version = event?.version ?? newestOf(registry, type);
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
  say('version', mistakeOfVersion(version));
  for (const [name, value] of Object.entries(extensions)) {
    say(`extensions.${name}`, mistakeOfExtension(name, value));
  }
  const data = jsonText(event?.data, mistakes);
  const key = `${aggregateType}:${String(aggregateId)}`;
  const extended = version === 1 ? extensions : { ...extensions, dataversion: version };
  if (mistakes.length === 0) {
    if (key.length > 256) {
      say(
        'aggregate',
        `the key has ${key.length} UTF-16 characters; Kinesis takes a key of at most 256: give the aggregate a shorter type or id`,
      );
    }
    const parts = {
      id,
      source,
      type,
      aggregateType,
      aggregateId: aggregateId as string,
      extensions: extended,
      data,
    };
    // Both times have the same length whatever they are, and so has a number.
    const times = { time: new Date(0).toISOString(), recordedTime: new Date(0).toISOString() };
    const sequence = isSequenced(registry, aggregateType) ? sequenceText(0) : undefined;
    const size =
      Buffer.byteLength(envelopeText({ ...parts, ...times, sequence })) + 6 + Buffer.byteLength(key);
    if (size > recordLimit) {
      say(
        'data',
        `the record would have ${size} bytes with its envelope and key, the stream takes ${recordLimit}: ` +
          'store the large part elsewhere and put a reference to it in the event, or raise the limit of the stream ' +
          '(up to 10 MiB) and pass `recordLimit: await readRecordLimit(query)`',
      );
    }
  }
  return {
    ...{ id, source, type, aggregateType, aggregateId: aggregateId as string, key, version, data },
    time: mistakes.length > 0 ? undefined : time?.toISOString().replace('T', ' ').replace('Z', ''),
    extensions: Object.keys(extended).length === 0 ? null : JSON.stringify(extended),
  };
}

/** The version of the data unless one is given: the newest declared. */
function newestOf(registry: Registry | undefined, type: string): number {
  const declaration = registry && declarationOf(registry, type);
  return (declaration && versionsOf(declaration).at(-1)) ?? 1;
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

function mistakeOfVersion(version: unknown): string | undefined {
  return Number.isInteger(version) && (version as number) >= 1 && (version as number) < 2 ** 31
    ? undefined
    : `is ${show(version)}, it must be a whole number from 1 on`;
}

function mistakeOfExtension(name: string, value: unknown): string | undefined {
  if (!/^[a-z0-9]{1,20}$/.test(name)) return 'a name has 1 to 20 lower-case letters and digits';
  if (name === 'dataversion') return "is written by Banyan; give the event's `version`";
  if (CORE_ATTRIBUTES.has(name)) return 'is an attribute that Banyan writes itself; take another name';
  if (typeof value === 'boolean') return undefined;
  if (typeof value === 'string')
    return value === '' ? 'is empty; leave it out' : mistakeOfText(value, 65_535);
  return Number.isInteger(value) && Math.abs(value as number) < 2 ** 31
    ? undefined
    : `is ${show(value)}, it must be a string, a boolean or a whole number of 32 bits (CloudEvents has no other)`;
}
