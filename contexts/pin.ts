import { createHmac, timingSafeEqual } from 'node:crypto';
import type { RequestFields } from './cohort.ts';
import type { Config } from './config.ts';

/** The side that a pin sends reads to, in the words of the stages. */
export type Side = 'legacy' | 'extracted';

/** Who may pin, and in which cookie besides the field `X-Banyan-Pin`. */
export interface Overrides {
  /** The first one signs; all of them are believed, so that keys can be changed without a gap. */
  readonly keys: readonly string[];
  readonly cookie: string;
}

export interface Pin {
  readonly side: Side;
  /** Milliseconds since 1970. */
  readonly until: number;
}

export const PIN_FIELD = 'x-banyan-pin';
/** More than the pins of 60 contexts with the longest of names. */
const LONGEST = 4_096;
/** `inventory=extracted.orders=legacy.1795640000.<HMAC>`: fit for a field and for a cookie (RFC 6265 §4.1.1). */
const FORM = /^((?:[a-z][a-z0-9-]*=(?:legacy|extracted)\.)+)(\d{1,12})\.([\w-]{43})$/;

/** Undefined where the config lets nobody pin: then no request pays for it. */
export function overridesOf({ gateway: { overrides } }: Config): Overrides | undefined {
  return overrides;
}

/** A pin for these contexts, good until then; whole seconds count. */
export function signPin(key: string, pins: Readonly<Record<string, Side>>, until: number): string {
  const said = Object.entries(pins).map(([context, side]) => `${context}=${side}.`);
  const text = `${said.join('')}${Math.floor(until / 1_000)}`;
  return `${text}.${macOf(key, text).toString('base64url')}`;
}

/** What this text pins the context to: undefined unless one of the keys has signed it and its time isn't over. */
export function readPin({ keys }: Overrides, text: string, context: string, now: number): Pin | undefined {
  if (text.length > LONGEST) return undefined;
  const [, pins, seconds, signature] = FORM.exec(text) ?? [];
  if (pins === undefined || Number(seconds) * 1_000 <= now) return undefined;
  const mac = Buffer.from(signature!, 'base64url');
  const signed = text.slice(0, text.lastIndexOf('.'));
  if (!keys.some((key) => timingSafeEqual(mac, macOf(key, signed)))) return undefined;
  for (const pin of pins.split('.')) {
    const equals = pin.indexOf('=');
    if (pin.slice(0, equals) === context)
      return { side: pin.slice(equals + 1) as Side, until: Number(seconds) * 1_000 };
  }
  return undefined;
}

/** What the request pins the context to. The field goes before the cookie, where it holds a pin of this context. */
export function pinOf(
  overrides: Overrides,
  fields: RequestFields,
  context: string,
  now: number,
): Pin | undefined {
  const field = fields[PIN_FIELD];
  const cookies = fields['cookie'];
  return (
    (typeof field === 'string' ? readPin(overrides, field, context, now) : undefined) ??
    (typeof cookies === 'string' && cookies.includes(overrides.cookie)
      ? pinInCookies(overrides, cookies, context, now)
      : undefined)
  );
}

/** The first of this name counts, as it does for most servers. */
function pinInCookies(overrides: Overrides, cookies: string, context: string, now: number): Pin | undefined {
  for (const pair of cookies.split(';')) {
    const equals = pair.indexOf('=');
    if (pair.slice(0, equals).trim() === overrides.cookie)
      return readPin(overrides, pair.slice(equals + 1).trim(), context, now);
  }
  return undefined;
}

/** A Cookie field without the pairs of this name, everything else byte for byte; empty when nothing is left. */
export function withoutCookie(field: string, name: string): string {
  if (!field.includes(name)) return field;
  const pairs = field.split(';');
  const kept = pairs.filter((pair) => {
    const equals = pair.indexOf('=');
    return (equals < 0 ? pair : pair.slice(0, equals)).trim() !== name;
  });
  if (kept.length === pairs.length) return field;
  const rest = kept.join(';');
  // What was the second pair begins with the space after its semicolon.
  return kept[0] === pairs[0] ? rest : rest.trimStart();
}

function macOf(key: string, text: string): Buffer {
  return createHmac('sha256', key).update('banyan-pin-1\0').update(text).digest();
}
