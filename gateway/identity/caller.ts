/** Who is calling, as the monolith says. */
export type Caller =
  | {
      readonly kind: 'user';
      readonly sub: string;
      /** All that the monolith says besides; a context's service is told what its `claims` name. */
      readonly claims: Readonly<Record<string, unknown>>;
    }
  | { readonly kind: 'nobody' }
  /** Nobody knows: not to be taken for nobody. */
  | { readonly kind: 'failed'; readonly how: Failing; readonly why: string };

/** `late`: no answer in time. `full`: too many questions already. `wrong`: an answer that says nothing. */
export type Failing = 'late' | 'full' | 'connection' | 'wrong';

export const NOBODY: Caller = { kind: 'nobody' };

/** Of an `sub` in characters: RFC 7519 has no limit, but the token goes in a field. */
const LONGEST = 255;

/**
 * Reads the monolith's answer: 200 with a JSON object whose `sub` is a user's id; 200 with a `sub` of null, 204 or 401
 * for nobody. All else is a failure: a log-in page, say, that a framework sends in place of 401.
 */
export function readCaller(status: number, body: string): Caller {
  if (status === 204 || status === 401) return NOBODY;
  if (status !== 200) return wrong(`it answered ${status}; required: 200 with JSON, 204 or 401`);
  let said: unknown;
  try {
    said = JSON.parse(body);
  } catch {
    return wrong('its answer is no JSON');
  }
  return callerIn(said);
}

/** The same of the object itself. */
export function callerIn(said: unknown): Caller {
  if (said === null || typeof said !== 'object' || !('sub' in said))
    return wrong('its answer has no `sub`; required: an id, or null for nobody');
  const { sub, ...claims } = said as { sub: unknown } & Record<string, unknown>;
  if (sub === null) return NOBODY;
  const id = Number.isSafeInteger(sub) ? String(sub) : sub;
  if (typeof id !== 'string' || id === '' || id.length > LONGEST)
    return wrong('its `sub` is neither a text of 1 to 255 characters, nor a whole number, nor null');
  return { kind: 'user', sub: id, claims };
}

function wrong(why: string): Caller {
  return { kind: 'failed', how: 'wrong', why };
}
