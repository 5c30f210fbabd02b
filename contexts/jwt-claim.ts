import {
  constants,
  createHmac,
  createPublicKey,
  createSecretKey,
  timingSafeEqual,
  verify,
  type KeyObject,
} from 'node:crypto';

/**
 * A claim of a JWT (RFC 7519 §3: three parts, the second is the claims), as a text. The signature is not looked at:
 * good for keeping a client where it is, and for nothing else. Undefined for what is no JWT or has no such claim.
 */
export function unverifiedClaim(text: string, claim: string): string | undefined {
  const [, payload] = /^(?:Bearer +)?[\w-]+\.([\w-]+)\.[\w-]*$/i.exec(text) ?? [];
  return payload === undefined ? undefined : claimOf(partOf(payload), claim);
}

/**
 * The same, where the key has signed the token (RFC 7515 §5.2) and its time has begun and isn't over. The key says which
 * algorithms are possible, and the token only which of them it is (RFC 8725 §3.1). `now` in milliseconds since 1970.
 */
export function verifiedClaim(text: string, claim: string, key: KeyObject, now: number): string | undefined {
  const [, head, payload, signature] = /^(?:Bearer +)?([\w-]+)\.([\w-]+)\.([\w-]+)$/i.exec(text) ?? [];
  if (head === undefined) return undefined;
  const { alg, crit } = partOf(head);
  // What `crit` names must be understood (RFC 7515 §4.1.11); nothing is.
  if (typeof alg !== 'string' || crit !== undefined) return undefined;
  if (!isSigned(key, alg, `${head}.${payload}`, Buffer.from(signature!, 'base64url'))) return undefined;
  const claims = partOf(payload!);
  const { exp, nbf } = claims;
  if (exp !== undefined && !(typeof exp === 'number' && now < exp * 1_000 + LEEWAY)) return undefined;
  if (nbf !== undefined && !(typeof nbf === 'number' && now >= nbf * 1_000 - LEEWAY)) return undefined;
  return claimOf(claims, claim);
}

/** A secret makes HS256 and nothing else; no public key is ever one, and neither is believed for the other's algorithms. */
function isSigned(key: KeyObject, alg: string, text: string, signature: Buffer): boolean {
  if (key.type === 'secret') {
    const mac = createHmac('sha256', key).update(text).digest();
    return alg === 'HS256' && signature.length === mac.length && timingSafeEqual(signature, mac);
  }
  const found = algorithmsOf(key).get(alg);
  if (!found) return false;
  const { digest, ...how } = found;
  return verify(digest, Buffer.from(text), { key, ...how }, signature);
}

/** How far clocks may be apart, in milliseconds. */
const LEEWAY = 60_000;

/** A public key or certificate in PEM; undefined for anything else, and for a key that signs no JWT. */
export function publicKeyIn(text: string): KeyObject | undefined {
  // A private one would do as well, and has no place in a gateway.
  if (!/^\s*-----BEGIN (?:(?:RSA )?PUBLIC KEY|CERTIFICATE)-----/.test(text)) return undefined;
  try {
    const key = createPublicKey(text);
    return algorithmsOf(key).size > 0 ? key : undefined;
  } catch {
    return undefined;
  }
}

/**
 * A secret for HS256, as long as its digest at least (RFC 7518 §3.2); undefined for a shorter one, and for a key in PEM:
 * whoever puts a public one here would let everybody sign.
 */
export function secretIn(text: string): KeyObject | undefined {
  return Buffer.byteLength(text) < 32 || text.includes('-----BEGIN ')
    ? undefined
    : createSecretKey(Buffer.from(text));
}

interface Algorithm {
  readonly digest: string | null;
  readonly padding?: number;
  readonly saltLength?: number;
  readonly dsaEncoding?: 'ieee-p1363';
}

const RSA: ReadonlyMap<string, Algorithm> = new Map(
  [256, 384, 512].flatMap((bits): [string, Algorithm][] => [
    [`RS${bits}`, { digest: `sha${bits}`, padding: constants.RSA_PKCS1_PADDING }],
    // The salt is as long as the digest (RFC 7518 §3.5).
    [
      `PS${bits}`,
      {
        digest: `sha${bits}`,
        padding: constants.RSA_PKCS1_PSS_PADDING,
        saltLength: constants.RSA_PSS_SALTLEN_DIGEST,
      },
    ],
  ]),
);
const EDWARDS: ReadonlyMap<string, Algorithm> = new Map([['EdDSA', { digest: null }]]);
const CURVES: Readonly<Record<string, ReadonlyMap<string, Algorithm>>> = {
  prime256v1: ecdsa(256),
  secp384r1: ecdsa(384),
  secp521r1: ecdsa(512),
};
const NONE: ReadonlyMap<string, Algorithm> = new Map();

function ecdsa(bits: number): ReadonlyMap<string, Algorithm> {
  return new Map([[`ES${bits}`, { digest: `sha${bits}`, dsaEncoding: 'ieee-p1363' }]]);
}

/** The algorithms of RFC 7518 §3.1 and RFC 8037 §3.1 that go with the key. */
function algorithmsOf({
  asymmetricKeyType,
  asymmetricKeyDetails,
}: KeyObject): ReadonlyMap<string, Algorithm> {
  if (asymmetricKeyType === 'rsa') return RSA;
  if (asymmetricKeyType === 'ed25519') return EDWARDS;
  return (asymmetricKeyType === 'ec' && CURVES[asymmetricKeyDetails?.namedCurve ?? '']) || NONE;
}

function partOf(base64url: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(Buffer.from(base64url, 'base64url').toString());
    return value !== null && typeof value === 'object' ? (value as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}

function claimOf(claims: Record<string, unknown>, claim: string): string | undefined {
  if (!Object.hasOwn(claims, claim)) return undefined;
  const value = claims[claim];
  if (typeof value === 'number') return String(value);
  return typeof value === 'string' && value !== '' ? value : undefined;
}
