import type { ContextIdentity, IdentityConfig, OwnAnswer } from '../../contexts/index.ts';

/** What the gateway answers to nobody, by method; undefined where nobody goes on. */
export type RefuseNobody = ((method: string) => OwnAnswer | undefined) | undefined;

export function refuseNobody(
  { nobody }: Pick<ContextIdentity, 'nobody'>,
  { cookies }: Pick<IdentityConfig, 'cookies'>,
): RefuseNobody {
  if (nobody === 'anonymous') return undefined;
  // RFC 9110 §15.5.2 asks for a challenge; browsers ask nobody for a password because of one that they don't know.
  const scheme = cookies.length > 0 ? `Cookie cookie-name="${cookies[0]}"` : 'Bearer';
  const refused: OwnAnswer = {
    status: 401,
    fields: { 'www-authenticate': scheme, 'cache-control': 'no-store' },
  };
  const redirected: OwnAnswer | undefined =
    nobody === 'refuse'
      ? undefined
      : { status: 302, fields: { location: nobody.redirect, 'cache-control': 'no-store' } };
  return (method) => {
    // A browser asks so before a CORS request, without credentials: nobody has to be anybody for that (Fetch §4.8).
    if (method === 'OPTIONS') return undefined;
    return redirected && (method === 'GET' || method === 'HEAD') ? redirected : refused;
  };
}
