/**
 * A claim of a JWT (RFC 7519 §3: three parts, the second is the claims), as a text. The signature is not looked at:
 * good for keeping a client where it is, and for nothing else. Undefined for what is no JWT or has no such claim.
 */
export function unverifiedClaim(text: string, claim: string): string | undefined {
  const [, payload] = /^(?:Bearer +)?[\w-]+\.([\w-]+)\.[\w-]*$/i.exec(text) ?? [];
  if (payload === undefined) return undefined;
  let claims: unknown;
  try {
    claims = JSON.parse(Buffer.from(payload, 'base64url').toString());
  } catch {
    return undefined;
  }
  if (claims === null || typeof claims !== 'object' || !Object.hasOwn(claims, claim)) return undefined;
  const value = (claims as Record<string, unknown>)[claim];
  return typeof value === 'string'
    ? value || undefined
    : typeof value === 'number'
      ? String(value)
      : undefined;
}
