import { randomBytes } from 'node:crypto';
import type { IncomingMessage, OutgoingHttpHeader, ServerResponse } from 'node:http';
import type { Decision } from '../contexts/index.ts';
import { keptPrivate, mayBeShared } from './shared-cache.ts';

/** Whether the answer's head is to be changed because of how the request was decided. */
export function isAmended({ issue, private: hidden }: Decision): boolean {
  return issue !== undefined || hidden === true;
}

/** A year, in seconds: browsers keep a cookie for some 400 days at most. */
const COOKIE_AGE = 31_536_000;

/**
 * Changes the answer's head, whoever gives the answer: `Cache-Control: private` where cohorts are answered apart, and
 * a cohort's cookie where none is there and no shared cache may store the answer. `secure` is whether the client
 * came over TLS.
 */
export function amendAnswer(
  { issue, private: hidden }: Decision,
  { method, headers }: IncomingMessage,
  response: ServerResponse,
  secure: boolean,
): void {
  const asked = { method: method!, authorized: headers.authorization !== undefined };
  changeHead(response, (status, fields) => {
    const changed = hidden ? keptPrivate(fields) : fields;
    if (issue === undefined || mayBeShared(asked, status, changed)) return changed;
    const cohort = randomBytes(16).toString('base64url');
    const cookie = `${issue}=${cohort}; Path=/; Max-Age=${COOKIE_AGE}; HttpOnly; SameSite=Lax`;
    return [...changed, 'Set-Cookie', secure ? `${cookie}; Secure` : cookie];
  });
}

/** Calls `change` with the head's fields as a raw list, just before the head is written. */
export function changeHead(
  response: ServerResponse,
  change: (status: number, fields: string[]) => string[],
): void {
  const own = Object.hasOwn(response, 'writeHead') ? response.writeHead : undefined;
  response.writeHead = (status: number, ...rest: unknown[]): typeof response => {
    if (own) response.writeHead = own;
    else delete (response as Partial<ServerResponse>).writeHead;
    const reason = typeof rest[0] === 'string' ? rest[0] : undefined;
    const given = rawList((reason === undefined ? rest[0] : rest[1]) as GivenFields);
    const names = new Set(given.filter((_, index) => index % 2 === 0).map((name) => name.toLowerCase()));
    const before = rawNames(response).filter((name) => !names.has(name.toLowerCase()));
    const set = rawList(Object.fromEntries(before.map((name) => [name, response.getHeader(name)])));
    const fields = change(status, [...set, ...given]);
    for (const name of response.getHeaderNames()) response.removeHeader(name);
    return reason === undefined
      ? response.writeHead(status, fields)
      : response.writeHead(status, reason, fields);
  };
}

/** Node has this on every outgoing message; the types know it of requests alone. */
const rawNames = (response: ServerResponse): string[] =>
  (response as unknown as { getRawHeaderNames(): string[] }).getRawHeaderNames();

type GivenFields = readonly string[] | Readonly<Record<string, OutgoingHttpHeader | undefined>> | undefined;

function rawList(given: GivenFields): string[] {
  if (given === undefined) return [];
  if (Array.isArray(given)) return [...(given as readonly string[])];
  return Object.entries(given as Record<string, OutgoingHttpHeader | undefined>).flatMap(([name, value]) =>
    value === undefined ? [] : [value].flat().flatMap((one) => [name, String(one)]),
  );
}
