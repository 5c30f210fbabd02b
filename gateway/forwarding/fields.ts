import type { IncomingMessage } from 'node:http';
import { readName, type FieldEdits, type RouteEdits } from '../../contexts/index.ts';
import { NO_TRUST, peerOf, type Trust } from '../client-address.ts';
import {
  answerFate,
  CONNECTION,
  COOKIE,
  ENDS,
  FORWARDED,
  HOST,
  LENGTH,
  LINK,
  PASSES,
  requestFate,
  TRAILER,
} from './fate.ts';
import { nameText } from './field-name.ts';
import { forwardedFields } from './forwarded.ts';
import type { AnswerRules } from './answer-rules.ts';

/** What one upstream is told, besides what the client sent. */
export interface RequestRules {
  /** Whose word on where a request comes from is kept; nobody's unless given. */
  readonly trust?: Trust | undefined;
  /** Stands in Host instead of the client's. */
  readonly host?: string | undefined;
}

const NO_RULES: RequestRules = {};

/** Who passed the message on (RFC 9110 §7.6.3). Of answers nobody tells the gateway the version: it counts as 1.1. */
const VIA = '1.1 banyan';
const VIA_1_0 = '1.0 banyan';

/**
 * The fields for the upstream as a raw list (name, value, name, value, …), in the client's order and spelling: without
 * hop-by-hop fields, without what only a trusted proxy may say, with what the gateway says itself at the end, and as
 * the route edits them. Where undici writes them, `host` comes first, `content-length` last, both in lower case, and
 * `connection: keep-alive` between. One pass: this runs for every request.
 */
export function requestFields(
  request: IncomingMessage,
  rules: RequestRules = NO_RULES,
  edits?: FieldEdits,
): string[] {
  const raw = request.rawHeaders;
  const peer = peerOf(rules.trust ?? NO_TRUST, request.socket);
  let fields: string[] = [];
  let nominated: Set<string> | undefined;
  let hosts = 0;
  for (let index = 0; index < raw.length; index += 2) {
    const name = raw[index]!;
    let value = raw[index + 1]!;
    switch (requestFate(name)) {
      case ENDS:
        continue;
      case CONNECTION:
        nominated = nominate(nominated, value);
        continue;
      case FORWARDED:
        if (peer.trusted && isKept(name)) break;
        continue;
      case HOST:
        hosts += 1;
        if (rules.host !== undefined) value = rules.host;
        break;
      case TRAILER:
        if (request.headers['transfer-encoding'] === undefined) continue;
    }
    if (edits !== undefined && edits.names.has(readName(name))) continue;
    fields.push(name, value);
  }
  if (nominated !== undefined) fields = without(fields, nominated);
  if (hosts === 0 && rules.host !== undefined) fields.push('Host', rules.host);
  if (edits !== undefined) fields.push(...edits.set);
  const said = forwardedFields(peer, request);
  for (let index = 0; index < said.length; index += 1) fields.push(said[index]!);
  fields.push('Via', request.httpVersionMinor === 0 ? VIA_1_0 : VIA);
  return fields;
}

/** What the fields of an answer depend on in its request. */
type Answered = Pick<IncomingMessage, 'method' | 'httpVersionMinor'> &
  Partial<Pick<IncomingMessage, 'headers'>>;

/**
 * The fields for the client, from the upstream's raw list, as the upstream's rules and the route turn them; repeated
 * ones such as Set-Cookie stay apart. `Trailer` announces fields after a chunked body and goes with it: elsewhere
 * Node refuses to write it. Throws where the upstream has coded the body in another way than by chunks: nobody undoes
 * that, and the client would not be told. `minor` is of the version that the upstream spoke: `Via` names it.
 */
export function responseFields(
  raw: readonly (string | Buffer)[],
  { method, httpVersionMinor, headers }: Answered,
  status: number,
  rules?: AnswerRules,
  edits?: RouteEdits,
  minor = 1,
): string[] {
  let fields: string[] = [];
  let nominated: Set<string> | undefined;
  let chunked = httpVersionMinor === 1 && method !== 'HEAD' && status !== 204 && status !== 304;
  let trailer = false;
  for (let index = 0; index < raw.length; index += 2) {
    const name = nameText(raw[index]!);
    const fate = answerFate(name);
    if (fate === ENDS) {
      // Of these names only Transfer-Encoding is that long and begins with a T. 101 has no body that could be coded.
      if (name.length === 17 && (name.charCodeAt(0) | 0x20) === 0x74 && status !== 101)
        checkCoding(latin1(raw[index + 1]!));
      continue;
    }
    let value = latin1(raw[index + 1]!);
    switch (fate) {
      case CONNECTION:
        nominated = nominate(nominated, value);
        continue;
      case LENGTH:
        chunked = false;
        break;
      case TRAILER:
        trailer = true;
        break;
      case LINK:
        if (rules?.link) value = rules.link(value, edits?.back, headers);
        break;
      case COOKIE:
        if (rules?.seen && headers) rules.seen(value, headers);
        if (rules?.cookie) value = rules.cookie(value);
    }
    if (edits?.response !== undefined && edits.response.names.has(readName(name))) continue;
    fields.push(name, value);
  }
  if (trailer && !chunked) (nominated ??= new Set()).add('trailer');
  if (nominated !== undefined) fields = without(fields, nominated);
  if (edits?.response !== undefined) fields.push(...edits.response.set);
  fields.push('Via', minor === 0 ? VIA_1_0 : VIA);
  return fields;
}

/** `identity` is what servers of the nineties say instead of nothing. */
function checkCoding(value: string): void {
  if (value !== 'chunked' && !/^\s*(?:chunked|identity)\s*$/i.test(value))
    throw new Error(`its Transfer-Encoding is '${value}'; required is 'chunked'`);
}

/** The fields of an informational answer; those of the final one are apart (RFC 9110 §15.2). */
export function informationFields(raw: readonly (string | Buffer)[]): string[] {
  const fields: string[] = [];
  let nominated: Set<string> | undefined;
  for (let index = 0; index < raw.length; index += 2) {
    const name = nameText(raw[index]!);
    const fate = answerFate(name);
    const value = latin1(raw[index + 1]!);
    if (fate === CONNECTION) nominated = nominate(nominated, value);
    else if (fate !== ENDS && fate !== LENGTH && fate !== TRAILER) fields.push(name, value);
  }
  return nominated === undefined ? fields : without(fields, nominated);
}

/** The fields of a WebSocket upgrade for the upstream, names in lower case. */
export function upgradeFields(
  request: IncomingMessage,
  rules?: RequestRules,
  edits?: FieldEdits,
): Record<string, string | string[]> {
  const fields = byName(requestFields(request, rules, edits));
  return { ...fields, connection: 'Upgrade', upgrade: request.headers.upgrade ?? 'websocket' };
}

/** The fields of the answer to an upgrade, with those that say whether it came about and how its body is framed. */
export function upgradeAnswerFields(
  answer: IncomingMessage,
  headers: IncomingMessage['headers'],
  rules?: AnswerRules,
  edits?: RouteEdits,
  added: readonly string[] = [],
): Record<string, string | string[]> {
  const status = answer.statusCode!;
  const request = { method: 'GET', httpVersionMinor: 1, headers };
  const fields = byName([
    ...responseFields(answer.rawHeaders, request, status, rules, edits, answer.httpVersionMinor),
    ...added,
  ]);
  for (const name of ['connection', 'upgrade', ...(status === 101 ? [] : ['transfer-encoding'])]) {
    const value = answer.headers[name];
    if (value !== undefined) fields[name] = value;
  }
  return fields;
}

function byName(raw: readonly string[]): Record<string, string | string[]> {
  const fields: Record<string, string | string[]> = {};
  for (let index = 0; index < raw.length; index += 2) {
    const name = raw[index]!.toLowerCase();
    const before = fields[name];
    const value = raw[index + 1]!;
    fields[name] = before === undefined ? value : [before, value].flat();
  }
  return fields;
}

/**
 * Trailers as pairs, as `addTrailers` wants them, without those that mean something before a body alone: framing,
 * routing and hop-by-hop fields, and what the gateway says itself (RFC 9110 §6.5.1).
 */
export function trailerFields(raw: readonly (string | Buffer)[]): [string, string][] {
  const found: [string, string][] = [];
  for (let index = 0; index < raw.length; index += 2) {
    const name = latin1(raw[index]!);
    const fate = requestFate(name);
    if (fate === PASSES && answerFate(name) !== LENGTH) found.push([name, latin1(raw[index + 1]!)]);
  }
  return found;
}

function latin1(part: string | Buffer): string {
  return typeof part === 'string' ? part : part.toString('latin1');
}

/** Of a trusted proxy's `X-Forwarded-*` those that the gateway doesn't add to, such as `X-Forwarded-Prefix`. */
function isKept(name: string): boolean {
  return !SAID.has(name.toLowerCase()) && !name.includes('_');
}

const SAID = new Set([
  'forwarded',
  'x-forwarded-for',
  'x-forwarded-proto',
  'x-forwarded-host',
  'x-forwarded-port',
]);

/** Fields that `Connection` may not take away: without them the message means something else. */
const KEPT = new Set(['host', 'content-length']);

function without(fields: readonly string[], nominated: ReadonlySet<string>): string[] {
  const kept: string[] = [];
  for (let index = 0; index < fields.length; index += 2) {
    const lower = fields[index]!.toLowerCase();
    if (!nominated.has(lower) || KEPT.has(lower)) kept.push(fields[index]!, fields[index + 1]!);
  }
  return kept;
}

/** Adds the fields that `Connection` names, in lower case; undefined while it names none, as in nearly every message. */
function nominate(nominated: Set<string> | undefined, value: string): Set<string> | undefined {
  if (value === 'keep-alive' || value === 'close') return nominated;
  let found = nominated;
  for (const option of value.split(',')) {
    const name = option.trim().toLowerCase();
    if (name !== 'keep-alive' && name !== 'close' && name !== 'upgrade') (found ??= new Set()).add(name);
  }
  return found;
}
