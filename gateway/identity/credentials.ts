import { createHash } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { IdentityConfig } from '../../contexts/index.ts';

type Fields = IncomingMessage['headers'];

/** What a client logs in with: it is sent along to the monolith, and is nobody else's to read. */
export interface Credentials {
  /** The session's cookies alone, in the client's order. */
  readonly cookie: string | undefined;
  readonly authorization: string | undefined;
  /** A digest of these: names the session in the cache and among gateways, and is good for nothing else. */
  readonly session: string;
}

/** Reads credentials out of requests, as the configuration says which they are. */
export interface CredentialReader {
  /** Undefined for a client that has none: it is nobody, without a question. */
  of(headers: Fields): Credentials | undefined;
  /** Whether this `Set-Cookie` takes the client's session away or gives it another one. One that renews it does not. */
  isChanged(setCookie: string, headers: Fields): boolean;
}

export function credentialReader({
  cookies,
  authorization: wanted,
}: Pick<IdentityConfig, 'cookies' | 'authorization'>): CredentialReader {
  const names = new Set(cookies);
  const pairsOf = (headers: Fields): string[] =>
    (headers.cookie ?? '')
      .split(';')
      .map((pair) => pair.trim())
      .filter((pair) => names.has(nameOf(pair)));
  return {
    of(headers) {
      const pairs = headers.cookie === undefined ? [] : pairsOf(headers);
      const authorization = wanted ? headers.authorization : undefined;
      if (pairs.length === 0 && authorization === undefined) return undefined;
      const cookie = pairs.length === 0 ? undefined : pairs.join('; ');
      const session = createHash('sha256')
        .update(`${cookie ?? ''}\0${authorization ?? ''}`)
        .digest('base64url');
      return { cookie, authorization, session };
    },
    isChanged(setCookie, headers) {
      const [pair = '', ...attributes] = setCookie.split(';');
      if (!names.has(nameOf(pair.trim()))) return false;
      return !pairsOf(headers).includes(pair.trim()) || attributes.some(ends);
    },
  };
}

function nameOf(pair: string): string {
  const equals = pair.indexOf('=');
  return equals < 0 ? '' : pair.slice(0, equals).trimEnd();
}

/** `Max-Age` of 0 or less, or an `Expires` that is past (RFC 6265 §5.2). */
function ends(attribute: string): boolean {
  const [, name = '', value = ''] = /^\s*(max-age|expires)\s*=\s*(.*?)\s*$/i.exec(attribute) ?? [];
  if (name === '') return false;
  return name.toLowerCase() === 'max-age' ? Number(value) <= 0 : Date.parse(value) <= Date.now();
}
