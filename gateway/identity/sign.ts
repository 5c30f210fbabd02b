import { createPrivateKey } from 'node:crypto';
import { SignJWT } from 'jose';
import type { Config, IdentityConfig } from '../../contexts/index.ts';
import type { Caller } from './caller.ts';

type User = Extract<Caller, { kind: 'user' }>;

/** A token for a context's service that says who is calling. Rejects when what it says can't be signed or is too long. */
export type Sign = (context: string, user: User) => Promise<string>;

/** Tokens that are kept: signing one costs more than the rest of a request. */
const MOST = 10_000;
/** Of a token, in characters: it goes in a field, beside all others. */
const LONGEST = 12 * 1024;

interface Signed {
  readonly token: Promise<string>;
  readonly freshUntil: number;
}

/**
 * Signs with the first key. A token is used again for half of its lifetime, so that a service has the other half to
 * look at it.
 */
export function openSign(
  { keys, issuer, lifetime }: Pick<IdentityConfig, 'keys' | 'issuer' | 'lifetime'>,
  contexts: Config['contexts'],
  now: () => number = Date.now,
): Sign {
  const { kid, alg, jwk } = keys[0]!;
  const key = createPrivateKey({ format: 'jwk', key: jwk });
  const kept = new Map<string, Signed>();
  return (context, { sub, claims }) => {
    const { claims: told, audience = context } = contexts[context]!.identity!;
    const said = Object.fromEntries(
      told.filter((name) => claims[name] !== undefined).map((name) => [name, claims[name]]),
    );
    const at = now();
    const id = JSON.stringify([context, sub, said]);
    const found = kept.get(id);
    if (found && at < found.freshUntil) return found.token;
    // Whole seconds (RFC 7519 §2); no token is good before the moment at which it was signed.
    const issued = Math.floor(at / 1_000);
    const token = new SignJWT(said)
      .setProtectedHeader({ alg, kid, typ: 'JWT' })
      .setIssuer(issuer)
      .setAudience(audience)
      .setSubject(sub)
      .setIssuedAt(issued)
      .setExpirationTime(issued + Math.floor(lifetime / 1_000))
      .sign(key)
      .then((text) => {
        if (text.length > LONGEST)
          throw new Error(`the token has ${text.length} characters; at most ${LONGEST}`);
        return text;
      });
    kept.delete(id);
    kept.set(id, { token, freshUntil: issued * 1_000 + lifetime / 2 });
    if (kept.size > MOST) kept.delete(kept.keys().next().value!);
    token.catch(() => kept.delete(id));
    return token;
  };
}
