import type { ShadowDifference } from '../../contexts/index.ts';
import type { AnswerRules } from './answer-rules.ts';
import { canonical } from './canonical-json.ts';
import { compareJson } from './compare-json.ts';
import { decodeBody, type Decoded } from './decode-body.ts';
import { normalisePage } from './normalise.ts';
import { parseJson, type Json } from './parse-json.ts';
import { shownText } from './redact.ts';

/** An answer as it came over the wire. */
export interface CapturedAnswer {
  readonly status: number;
  /** Name, value, name, value, … */
  readonly fields: readonly string[];
  readonly body: Uint8Array;
}

/** How two answers compare. */
export type Compared =
  | { readonly kind: 'compared'; readonly differences: readonly ShadowDifference[] }
  /** A body is longer than the limit once it is decompressed: never equal. */
  | { readonly kind: 'truncated' };

/** The media types whose bodies are compared as JSON (RFC 6839 §3.1). */
const JSON_TYPE = /^(?:application|text)\/(?:json|[\w.+-]+\+json)$/;
const TEXT_TYPE = /^(?:text\/|application\/(?:xml|xhtml\+xml|javascript)$|[\w.+-]+\/[\w.+-]+\+xml$)/;

/** Status, chosen fields and body. Where the status differs, the rest is bound to and isn't looked at. */
export function compareAnswers(
  rules: AnswerRules,
  monolith: CapturedAnswer,
  extracted: CapturedAnswer,
): Compared {
  if (monolith.status !== extracted.status)
    return {
      kind: 'compared',
      differences: [{ at: 'status', monolith: String(monolith.status), extracted: String(extracted.status) }],
    };
  const bodies = compareBodies(rules, monolith, extracted);
  if (bodies === 'truncated') return { kind: 'truncated' };
  return { kind: 'compared', differences: [...compareFields(rules, monolith, extracted), ...bodies] };
}

function compareFields(
  { fields }: AnswerRules,
  monolith: CapturedAnswer,
  extracted: CapturedAnswer,
): ShadowDifference[] {
  return fields.flatMap((name) => {
    const [one, other] = [valuesOf(monolith, name), valuesOf(extracted, name)];
    if (one.length === other.length && one.every((value, index) => value === other[index])) return [];
    return [
      {
        at: `field ${name}`,
        ...(one.length > 0 ? { monolith: shownField(name, one) } : {}),
        ...(other.length > 0 ? { extracted: shownField(name, other) } : {}),
      },
    ];
  });
}

function compareBodies(
  rules: AnswerRules,
  monolith: CapturedAnswer,
  extracted: CapturedAnswer,
): ShadowDifference[] | 'truncated' {
  const [one, other] = [decoded(rules, monolith), decoded(rules, extracted)];
  if ((!one.ok && one.why === 'too-large') || (!other.ok && other.why === 'too-large')) return 'truncated';
  if (!one.ok || !other.ok) {
    // What neither side can be rid of is compared as it came.
    if (!one.ok && !other.ok && Buffer.compare(monolith.body, extracted.body) === 0) return [];
    const state = ({ ok, ...rest }: Decoded) =>
      ok ? 'a body' : `a body whose content coding is ${'why' in rest && rest.why}`;
    return [{ at: 'body', monolith: state(one), extracted: state(other) }];
  }
  if (Buffer.compare(one.bytes, other.bytes) === 0) return [];
  const [type, otherType] = [typeOf(monolith), typeOf(extracted)];
  if (JSON_TYPE.test(type) || JSON_TYPE.test(otherType)) {
    const differences = compareAsJson(rules, one.bytes, other.bytes);
    if (differences) return differences;
  }
  if (TEXT_TYPE.test(type) && rules.everywhere.length > 0) {
    const page = (bytes: Uint8Array) =>
      normalisePage(Buffer.from(bytes).toString('latin1'), rules.everywhere);
    if (page(one.bytes) === page(other.bytes)) return [];
  }
  return [
    {
      at: 'body',
      monolith: `${one.bytes.length} bytes`,
      extracted: `${other.bytes.length} bytes, other than the monolith's from byte ${firstOther(one.bytes, other.bytes)}`,
    },
  ];
}

/** Undefined where either is no JSON, or nested too deep to look at. */
function compareAsJson(
  { root, everywhere }: AnswerRules,
  one: Uint8Array,
  other: Uint8Array,
): ShadowDifference[] | undefined {
  try {
    const [left, right] = [jsonOf(one), jsonOf(other)];
    return compareJson(canonical(left, root, everywhere), canonical(right, root, everywhere), root);
  } catch (error) {
    if (error instanceof SyntaxError || error instanceof RangeError || error instanceof TypeError)
      return undefined;
    throw error;
  }
}

/** RFC 8259 §8.1: UTF-8, and nothing that isn't. */
function jsonOf(bytes: Uint8Array): Json {
  return parseJson(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
}

function decoded({ maxBody }: AnswerRules, answer: CapturedAnswer): Decoded {
  return decodeBody(answer.body, valuesOf(answer, 'content-encoding').join(), maxBody);
}

function typeOf(answer: CapturedAnswer): string {
  return (rawValuesOf(answer, 'content-type')[0] ?? '').split(';')[0]!.trim().toLowerCase();
}

/** A field's values as they are compared. */
function valuesOf(answer: CapturedAnswer, name: string): string[] {
  const values = rawValuesOf(answer, name);
  // Types are the same in any case, and JSON has no parameters (RFC 9110 §8.3.1, RFC 8259 §11).
  if (name !== 'content-type') return values;
  return values.map((value) => {
    const type = typeOf(answer);
    return JSON_TYPE.test(type)
      ? type
      : value
          .toLowerCase()
          .replaceAll(/\s*;\s*/g, '; ')
          .replaceAll('"', '');
  });
}

function rawValuesOf({ fields }: CapturedAnswer, name: string): string[] {
  const values: string[] = [];
  for (let index = 0; index < fields.length; index += 2)
    if (fields[index]!.toLowerCase() === name) values.push(fields[index + 1]!);
  return values;
}

/** What stands behind `?` may be a token of any name. */
function shownField(name: string, values: readonly string[]): string {
  return shownText(
    name,
    values.map((value) => value.replaceAll(/(?<=[?&#][^=&#]*=)[^&#\s]+/g, '…')).join(', '),
  );
}

function firstOther(one: Uint8Array, other: Uint8Array): number {
  let at = 0;
  while (at < one.length && one[at] === other[at]) at += 1;
  return at;
}
