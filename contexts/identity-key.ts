import { createPrivateKey, createPublicKey, sign, verify } from 'node:crypto';

/** A key that signs what the gateway says of who is calling, as a private JSON Web Key (RFC 7517). */
export interface IdentityKey {
  /** Names it among those that are published. */
  readonly kid: string;
  readonly alg: 'ES256' | 'EdDSA';
  readonly jwk: Readonly<Record<string, string>>;
}

/** What may be in a key; nothing else of the file is kept, and of these `d` is the secret one. */
const MEMBERS = { ES256: ['kty', 'crv', 'x', 'y', 'd'], EdDSA: ['kty', 'crv', 'x', 'd'] } as const;

/**
 * Reads a private JSON Web Key of P-256 (ES256, RFC 7518 §3.4) or Ed25519 (EdDSA, RFC 8037 §3.1) with a `kid`, or says
 * what is wrong with it, without a word of what is in it.
 */
export function readIdentityKey(text: string): IdentityKey | { readonly mistake: string } {
  let written: Record<string, unknown>;
  try {
    written = JSON.parse(text) as Record<string, unknown>;
  } catch {
    return { mistake: 'it is no JSON' };
  }
  if (written === null || typeof written !== 'object') return { mistake: 'it is no JSON object' };
  const { kid, kty, crv, alg: said, d } = written;
  const alg =
    kty === 'EC' && crv === 'P-256' ? 'ES256' : kty === 'OKP' && crv === 'Ed25519' ? 'EdDSA' : undefined;
  if (alg === undefined) return { mistake: 'it is none of the curve P-256 or Ed25519' };
  if (said !== undefined && said !== alg) return { mistake: `its \`alg\` is not ${alg}` };
  if (typeof kid !== 'string' || !/^[\x21-\x7e]{1,128}$/.test(kid)) return { mistake: 'it has no `kid`' };
  if (typeof d !== 'string') return { mistake: 'it is a public key: its private part `d` is missing' };
  const jwk = Object.fromEntries(MEMBERS[alg].map((member) => [member, String(written[member])]));
  return isSound(jwk, alg) ? { kid, alg, jwk } : { mistake: 'its parts are damaged, or not of one key' };
}

/** Whether what the private part signs is good by the public one, which is the one that services get. */
function isSound(jwk: IdentityKey['jwk'], alg: IdentityKey['alg']): boolean {
  const digest = alg === 'ES256' ? 'sha256' : null;
  try {
    const tried = Buffer.from('banyan');
    const signature = sign(digest, tried, createPrivateKey({ format: 'jwk', key: jwk }));
    return verify(digest, tried, createPublicKey({ format: 'jwk', key: openParts(jwk) }), signature);
  } catch {
    return false;
  }
}

function openParts(jwk: IdentityKey['jwk']): Record<string, string> {
  return Object.fromEntries(Object.entries(jwk).filter(([member]) => member !== 'd'));
}

/** The public parts of all of them as a JSON Web Key Set (RFC 7517 §5). */
export function publicKeys(keys: readonly IdentityKey[]): { readonly keys: readonly object[] } {
  return {
    keys: keys.map(({ kid, alg, jwk }) => ({ ...openParts(jwk), kid, alg, use: 'sig' })),
  };
}
