import { createHmac, timingSafeEqual } from 'node:crypto';
import type { RequestFields } from './cohort.ts';
import type { Config } from './config.ts';

/** Who signs that a client has just written, and in which cookies it is kept. */
export interface WroteCookies {
  /** The first one signs; all of them are believed. */
  readonly keys: readonly string[];
  /** Before the context's name: each context has a cookie of its own, so that no answer overwrites another's. */
  readonly prefix: string;
}

/** `1795640000000.<HMAC>` */
const FORM = /^(\d{1,15})\.([\w-]{43})$/;

/** Undefined where the config has no keys for it: then no request pays for it. */
export function wroteCookiesOf({
  gateway: { ownWrites },
}: Pick<Config, 'gateway'>): WroteCookies | undefined {
  return ownWrites && { keys: ownWrites.keys, prefix: `${ownWrites.cookie}-` };
}

/** The cookie of one context, as `name=value`; good until then, in milliseconds since 1970. */
export function signWrote({ keys, prefix }: WroteCookies, context: string, until: number): string {
  const time = String(Math.ceil(until));
  return `${prefix}${context}=${time}.${macOf(keys[0]!, context, time).toString('base64url')}`;
}

/** Whether the request carries the context's cookie, signed with one of the keys, and its time isn't over. */
export function hasWrote(
  cookies: WroteCookies,
  fields: RequestFields,
  context: string,
  now: number,
): boolean {
  const field = fields['cookie'];
  if (typeof field !== 'string' || !field.includes(cookies.prefix)) return false;
  const name = cookies.prefix + context;
  return field.split(';').some((pair) => {
    const equals = pair.indexOf('=');
    return (
      pair.slice(0, equals).trim() === name && isGood(cookies, pair.slice(equals + 1).trim(), context, now)
    );
  });
}

function isGood({ keys }: WroteCookies, value: string, context: string, now: number): boolean {
  const [, time, signature] = FORM.exec(value) ?? [];
  if (time === undefined || Number(time) <= now) return false;
  const mac = Buffer.from(signature!, 'base64url');
  return keys.some((key) => timingSafeEqual(mac, macOf(key, context, time)));
}

/** A Cookie field without any of these cookies, everything else byte for byte; empty when nothing is left. */
export function withoutWrote(field: string, { prefix }: WroteCookies): string {
  if (!field.includes(prefix)) return field;
  const pairs = field.split(';');
  const kept = pairs.filter((pair) => !pair.trimStart().startsWith(prefix));
  if (kept.length === pairs.length) return field;
  const rest = kept.join(';');
  return kept[0] === pairs[0] ? rest : rest.trimStart();
}

function macOf(key: string, context: string, time: string): Buffer {
  return createHmac('sha256', key).update(`banyan-wrote-1\0${context}\0${time}`).digest();
}
