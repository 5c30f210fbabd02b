import { generateKeyPairSync } from 'node:crypto';

/** A private key as the configuration has it. */
export function identityKey(kid: string, curve: 'P-256' | 'Ed25519' = 'P-256'): string {
  const { privateKey } =
    curve === 'P-256' ? generateKeyPairSync('ec', { namedCurve: 'P-256' }) : generateKeyPairSync('ed25519');
  return JSON.stringify({ ...privateKey.export({ format: 'jwk' }), kid });
}
