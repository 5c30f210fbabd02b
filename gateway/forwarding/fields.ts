import type { IncomingMessage } from 'node:http';
import type { TLSSocket } from 'node:tls';

/** Fields about one connection only (RFC 9110 §7.6.1); each side of the gateway has its own. */
const HOP_BY_HOP = new Set([
  'connection',
  'keep-alive',
  'proxy-connection',
  'te',
  'transfer-encoding',
  'upgrade',
]);
/** What a client says about where it comes from; the gateway says it itself. */
const FORWARDED = new Set(['forwarded', 'x-forwarded-for', 'x-forwarded-host', 'x-forwarded-proto']);
/** Fields that `Connection` may not take away: without them the message means something else. */
const KEPT = new Set(['host', 'content-length']);

/**
 * The fields for the upstream as a raw list (name, value, name, value, …), in the client's order and spelling:
 * without hop-by-hop fields, with the original Host, `X-Forwarded-For`, `-Proto`, `-Host` and `Via` set by us. On the
 * wire undici writes `host` first, `content-length` last, both in lower case, and `connection: keep-alive`.
 */
export function requestFields(request: IncomingMessage): string[] {
  const raw = request.rawHeaders;
  const nominated = nominatedIn(raw);
  const chunked = request.headers['transfer-encoding'] !== undefined;
  const fields: string[] = [];
  for (let index = 0; index < raw.length; index += 2) {
    const name = raw[index]!;
    const lower = name.toLowerCase();
    if (isHop(lower, nominated) || FORWARDED.has(lower) || (lower === 'trailer' && !chunked)) continue;
    fields.push(name, raw[index + 1]!);
  }
  const { socket } = request;
  fields.push('X-Forwarded-For', (socket.remoteAddress ?? 'unknown').replace(/^::ffff:/, ''));
  fields.push('X-Forwarded-Proto', (socket as Partial<TLSSocket>).encrypted ? 'https' : 'http');
  if (request.headers.host !== undefined) fields.push('X-Forwarded-Host', request.headers.host);
  fields.push('Via', `${request.httpVersion} banyan`);
  return fields;
}

/**
 * The fields for the client, from the upstream's raw list; repeated ones such as Set-Cookie stay apart. `Trailer`
 * announces fields after a chunked body and goes with it: elsewhere Node refuses to write it.
 */
export function responseFields(
  raw: readonly (string | Buffer)[],
  { method, httpVersionMinor }: Pick<IncomingMessage, 'method' | 'httpVersionMinor'>,
  status: number,
): string[] {
  const texts = raw.map(latin1);
  const nominated = nominatedIn(texts);
  let chunked = httpVersionMinor === 1 && method !== 'HEAD' && status !== 204 && status !== 304;
  let trailer = false;
  const fields: string[] = [];
  for (let index = 0; index < texts.length; index += 2) {
    const lower = texts[index]!.toLowerCase();
    if (lower === 'content-length') chunked = false;
    if (lower === 'trailer') trailer = true;
    if (!isHop(lower, nominated)) fields.push(texts[index]!, texts[index + 1]!);
  }
  return trailer && !chunked ? without(fields, 'trailer') : fields;
}

function without(fields: readonly string[], name: string): string[] {
  return fields.filter((_, index) => fields[index - (index % 2)]!.toLowerCase() !== name);
}

/** The fields of a WebSocket upgrade for the upstream, names in lower case. */
export function upgradeFields(request: IncomingMessage): Record<string, string | string[]> {
  const fields: Record<string, string | string[]> = {};
  const raw = requestFields(request);
  for (let index = 0; index < raw.length; index += 2) {
    const name = raw[index]!.toLowerCase();
    const before = fields[name];
    const value = raw[index + 1]!;
    fields[name] = before === undefined ? value : [before, value].flat();
  }
  return { ...fields, connection: 'Upgrade', upgrade: request.headers.upgrade ?? 'websocket' };
}

/** A raw list as pairs, as `addTrailers` wants it. */
export function pairs(raw: readonly (string | Buffer)[]): [string, string][] {
  const found: [string, string][] = [];
  for (let index = 0; index < raw.length; index += 2)
    found.push([latin1(raw[index]!), latin1(raw[index + 1]!)]);
  return found;
}

function latin1(part: string | Buffer): string {
  return typeof part === 'string' ? part : part.toString('latin1');
}

function isHop(name: string, nominated: ReadonlySet<string> | undefined): boolean {
  return HOP_BY_HOP.has(name) || (nominated !== undefined && nominated.has(name) && !KEPT.has(name));
}

/** The fields that `Connection` names, in lower case; undefined when it names none, as in nearly every message. */
function nominatedIn(raw: readonly string[]): Set<string> | undefined {
  let nominated: Set<string> | undefined;
  for (let index = 0; index < raw.length; index += 2) {
    if (raw[index]!.length !== 10 || raw[index]!.toLowerCase() !== 'connection') continue;
    for (const option of raw[index + 1]!.split(',')) {
      const name = option.trim().toLowerCase();
      if (name !== 'keep-alive' && name !== 'close') (nominated ??= new Set()).add(name);
    }
  }
  return nominated;
}
