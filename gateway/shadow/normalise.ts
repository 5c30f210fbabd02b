import type { Normaliser } from '../../contexts/index.ts';
import { decimalForm, roundForm } from './decimal.ts';

/** RFC 3339 §5.6, and with a space or without an offset, as databases write it. */
const TIMESTAMP =
  /\d{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01])[Tt ](?:[01]\d|2[0-3]):[0-5]\d(?::(?:[0-5]\d|60)(?:[.,]\d{1,9})?)?(?:[Zz]|[+-]\d{2}:?\d{2})?/;
/** RFC 9562 §4. */
const UUID = /[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}/;
const NUMBER = /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?$/;

const whole = (pattern: RegExp) => new RegExp(`^(?:${pattern.source})$`);
const WHOLE_TIMESTAMP = whole(TIMESTAMP);
const WHOLE_UUID = whole(UUID);
const ALL_TIMESTAMPS = new RegExp(`(?<!\\d)${TIMESTAMP.source}(?!\\d)`, 'g');
const ALL_UUIDS = new RegExp(`(?<![0-9a-fA-F])${UUID.source}(?![0-9a-fA-F])`, 'g');

/** A text as it is compared. */
export function normaliseText(text: string, normalisers: readonly Normaliser[]): string {
  let result = text;
  for (const normaliser of normalisers) {
    switch (normaliser.kind) {
      case 'timestamps':
        if (WHOLE_TIMESTAMP.test(result)) result = '(timestamp)';
        break;
      case 'instants':
        result = instantOf(result) ?? result;
        break;
      case 'uuids':
        if (WHOLE_UUID.test(result)) result = '(uuid)';
        break;
      case 'round':
        // MySQL's DECIMAL comes as a text from many drivers.
        if (result.length <= 64 && NUMBER.test(result))
          result = roundForm(decimalForm(result), normaliser.round);
    }
  }
  return result;
}

/** A number's normal form as it is compared. */
export function normaliseNumber(form: string, normalisers: readonly Normaliser[]): string {
  let result = form;
  for (const normaliser of normalisers)
    if (normaliser.kind === 'round') result = roundForm(result, normaliser.round);
  return result;
}

/** A page or another text that is no JSON, as it is compared: timestamps and UUIDs anywhere in it. */
export function normalisePage(text: string, normalisers: readonly Normaliser[]): string {
  let result = text;
  for (const { kind } of normalisers) {
    if (kind === 'timestamps') result = result.replaceAll(ALL_TIMESTAMPS, '(timestamp)');
    if (kind === 'uuids') result = result.replaceAll(ALL_UUIDS, '(uuid)');
  }
  return result;
}

/** One spelling for one instant, to the nanosecond; a timestamp without an offset is in UTC. Undefined if it is none. */
function instantOf(text: string): string | undefined {
  if (!WHOLE_TIMESTAMP.test(text)) return undefined;
  const [, day, time, fraction = '', offset = 'Z'] =
    /^(\S{10})[Tt ]([\d:]+)(?:[.,](\d+))?(.*)$/.exec(text) ?? [];
  const zone = /\d/.test(offset) ? offset.replace(/^(.\d\d)(\d\d)$/, '$1:$2') : 'Z';
  const at = Date.parse(`${day}T${time!.length === 5 ? `${time}:00` : time}${zone}`);
  if (Number.isNaN(at)) return undefined;
  const digits = fraction.replace(/0+$/, '');
  return `${new Date(at).toISOString().slice(0, 19)}${digits && `.${digits}`}Z`;
}
