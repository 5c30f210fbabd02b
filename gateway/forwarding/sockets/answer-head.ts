import { BrokenAnswer } from './broken-answer.ts';
import { framingOf, type Framing } from './answer-framing.ts';

/** The head of an answer as the upstream wrote it. */
export interface AnswerHead extends Framing {
  /** Of its version, HTTP/1.<minor>. */
  readonly minor: number;
  readonly status: number;
  readonly reason: string;
  /** name, value, name, value, … without white space around the values. */
  readonly fields: string[];
}

/**
 * A whole head by RFC 9112 §4 and §5: no bare CR or LF, no white space before a colon, no folded line, no control
 * character. A reason may be missing with the space before it, as many servers have it.
 */
const HEAD =
  /^HTTP\/1\.[01] [1-9]\d\d(?: [\t\x20-\x7e\x80-\xff]*)?\r\n(?:[!#$%&'*+.^_`|~\w-]+:[\t\x20-\x7e\x80-\xff]*\r\n)*$/;
const STATUS_LINE = /^HTTP\/1\.[01] [1-9]\d\d(?: [\t\x20-\x7e\x80-\xff]*)?$/;
const FIELD_LINE = /^[!#$%&'*+.^_`|~\w-]+:[\t\x20-\x7e\x80-\xff]*$/;

/** Where in a status line the status stands, and the reason. */
const STATUS_AT = 9;
const REASON_AT = 13;

/**
 * Takes a head apart, up to the empty line that ends it and without that, one character for each byte. `toHead` says
 * that it answers HEAD. Throws BrokenAnswer.
 */
export function parseHead(text: string, toHead: boolean): AnswerHead {
  if (!HEAD.test(text)) throw new BrokenAnswer(faultIn(text));
  const end = text.indexOf('\r\n');
  const status = Number(text.slice(STATUS_AT, STATUS_AT + 3));
  const fields = splitFields(text, end + 2);
  const minor = text.charCodeAt(7) - 0x30;
  return {
    minor,
    status,
    reason: text.slice(REASON_AT, end),
    fields,
    ...framingOf(fields, status, minor, toHead),
  };
}

/** The fields of sound lines, each with its CR LF. */
export function splitFields(text: string, from: number): string[] {
  const fields: string[] = [];
  let at = from;
  while (at < text.length) {
    const colon = text.indexOf(':', at);
    const end = text.indexOf('\r\n', colon);
    let [first, last] = [colon + 1, end];
    while (first < last && isBlank(text.charCodeAt(first))) first += 1;
    while (first < last && isBlank(text.charCodeAt(last - 1))) last -= 1;
    fields.push(text.slice(at, colon), text.slice(first, last));
    at = end + 2;
  }
  return fields;
}

function isBlank(code: number): boolean {
  return code === 0x20 || code === 0x09;
}

/** Trailers: the lines of fields alone. */
export function parseTrailers(text: string): string[] {
  for (const line of text.split('\r\n').slice(0, -1))
    if (!FIELD_LINE.test(line)) throw new BrokenAnswer(`its trailer has the line ${quoted(line)}`);
  return splitFields(text, 0);
}

function faultIn(text: string): string {
  const [first = '', ...lines] = text.split('\r\n');
  if (!STATUS_LINE.test(first))
    return `it begins with ${quoted(first)}; required is a status line of HTTP/1.x`;
  const line = lines.find((one) => !FIELD_LINE.test(one)) ?? '';
  return `its head has the line ${quoted(line)}; required is a field`;
}

function quoted(line: string): string {
  return JSON.stringify(line.length > 80 ? `${line.slice(0, 80)}…` : line);
}

/** The beginnings of a status line and of a field's line, as far as they have come. */
const STATUS_BEGUN = 'HTTP/1.';
const REST_BEGUN = /^\r$|^HTTP\/1\.(?:[01](?: (?:[1-9](?:\d(?:\d(?: [\t\x20-\x7e\x80-\xff]*)?\r?)?)?)?)?)?$/;
const FIELD_BEGUN = /^(?:\r|[!#$%&'*+.^_`|~\w-]*|[!#$%&'*+.^_`|~\w-]+:[\t\x20-\x7e\x80-\xff]*\r?)$/;

/** Throws BrokenAnswer where a head that is not whole yet can't become one: nobody waits for the rest then. */
export function checkBegun(text: string): void {
  const end = text.lastIndexOf('\r\n');
  const begun = text.slice(end < 0 ? 0 : end + 2);
  if (end >= 0 && !HEAD.test(text.slice(0, end + 2))) throw new BrokenAnswer(faultIn(text.slice(0, end + 2)));
  const sound = end < 0 ? STATUS_BEGUN.startsWith(begun) || REST_BEGUN.test(begun) : FIELD_BEGUN.test(begun);
  if (!sound)
    throw new BrokenAnswer(
      end < 0 ? faultIn(begun) : `its head has the line ${quoted(begun)}; required is a field`,
    );
}

/** The same for trailers, which may be empty. */
export function checkTrailersBegun(text: string): void {
  const end = text.lastIndexOf('\r\n');
  if (end >= 0) parseTrailers(text.slice(0, end + 2));
  const begun = text.slice(end < 0 ? 0 : end + 2);
  if (!FIELD_BEGUN.test(begun)) throw new BrokenAnswer(`its trailer has the line ${quoted(begun)}`);
}
