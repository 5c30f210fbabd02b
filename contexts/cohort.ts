import { hash } from 'node:crypto';
import { networkOf } from './client-network.ts';
import type { CohortConfig } from './config.ts';
import { unverifiedClaim } from './jwt-claim.ts';

export type JwtConfig = Extract<CohortConfig, { readonly jwt: unknown }>['jwt'];

/** Field names in lower case, as Node gives them. */
export type RequestFields = Readonly<Record<string, string | readonly string[] | undefined>>;

/** What a cohort can be taken from besides the request's fields. */
export interface CohortSources {
  /** The resolved client address. */
  readonly address?: string | undefined;
  /** The value of the route's `:name` that the cohort is. */
  readonly parameter?: string | undefined;
}

/** Who a decision is sticky for, from what the context names, if it is there. A JWT is read and not verified. */
export function cohortOf(
  config: CohortConfig,
  fields: RequestFields,
  { address, parameter }: CohortSources = NOTHING,
): string | undefined {
  if ('cookie' in config) return cookieIn(fields, config.cookie);
  if ('header' in config) return firstOf(fields[config.header]);
  if ('jwt' in config) {
    const text = tokenIn(config.jwt, fields);
    return text === undefined ? undefined : unverifiedClaim(text, config.jwt.claim);
  }
  if ('parameter' in config) return parameter || undefined;
  return address === undefined ? undefined : networkOf(address);
}

/** Where the config says that a JWT is, what stands there. */
export function tokenIn(jwt: JwtConfig, fields: RequestFields): string | undefined {
  return 'cookie' in jwt ? cookieIn(fields, jwt.cookie) : firstOf(fields[jwt.header]);
}

const NOTHING: CohortSources = {};

/** Whether a token says who somebody is only where a key has signed it. */
export function isVerified({ publicKey, secret }: JwtConfig): boolean {
  return publicKey !== undefined || secret !== undefined;
}

/** Where a request would have to say it: `cookie sid`. */
export function describeCohort(config: CohortConfig): string {
  if ('cookie' in config) return `cookie ${config.cookie}`;
  if ('header' in config) return `header ${config.header}`;
  if ('parameter' in config) return `parameter ${config.parameter}`;
  if ('address' in config) return 'client address';
  const { jwt } = config;
  return `${isVerified(jwt) ? 'verified ' : ''}claim ${jwt.claim} of the JWT in ${'cookie' in jwt ? `cookie ${jwt.cookie}` : `header ${jwt.header}`}`;
}

/** Read without taking the field apart: it may hold dozens of cookies. */
function cookieIn(fields: RequestFields, name: string): string | undefined {
  const cookies = firstOf(fields['cookie']);
  if (cookies === undefined) return undefined;
  for (let from = 0, to = 0; from < cookies.length; from = to + 1) {
    to = cookies.indexOf(';', from);
    if (to < 0) to = cookies.length;
    const at = cookies.indexOf(name, from);
    if (at < 0) return undefined;
    const equals = cookies.indexOf('=', at + name.length);
    if (at > to || equals < 0 || equals > to) continue;
    if (isBlank(cookies, from, at) && isBlank(cookies, at + name.length, equals))
      return cookies.slice(equals + 1, to).trim() || undefined;
  }
  return undefined;
}

function isBlank(text: string, from: number, to: number): boolean {
  return from === to || text.slice(from, to).trim() === '';
}

function firstOf(value: string | readonly string[] | undefined): string | undefined {
  return (typeof value === 'string' ? value : value?.[0]) || undefined;
}

/**
 * Where a cohort stands in [0, 1), evenly spread and the same on every gateway and for ever. The context's salt
 * makes it independent of where the cohort stands in other contexts. A cohort is in a canary of `percent` when
 * its position is below `percent / 100`; raising the percentage therefore moves nobody back.
 */
export function cohortPosition(salt: string, cohort: string): number {
  return hash('sha256', `${salt}\0${cohort}`, 'buffer').readUIntBE(0, 6) / 2 ** 48;
}
