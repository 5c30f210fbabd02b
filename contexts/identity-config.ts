import { z } from 'zod';
import { duration } from './fields.ts';
import { readIdentityKey } from './identity-key.ts';
import { hasKnownMethod, isRoute } from './methods.ts';
import { parseRedirect } from './retired.ts';

const TOKEN = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;
const path = z
  .string()
  .regex(
    /^\/(?!\/)[\x21\x22\x24-\x7e]*$/,
    'a path of this site such as /banyan/identity, in printable ASCII',
  );

/** Usual fields by which something in front of an application tells it who is calling. */
const IDENTITY_FIELDS = [
  'Remote-User',
  'X-Remote-User',
  'X-Authenticated-User',
  'X-Auth-User',
  'X-User',
  'X-User-Id',
  'X-User-Name',
  'X-User-Email',
  'X-User-Roles',
];

/** How the gateway finds out who is calling, and how it tells extracted services. */
export const identity = z.strictObject({
  /** Where the monolith says who a session belongs to, asked with GET. */
  path,
  /** Cookies that make the session; these alone are sent along. */
  cookies: z.array(z.string().regex(TOKEN, 'the name of a cookie')).default([]),
  /** Whether `Authorization` is sent along, too. */
  authorization: z.boolean().default(false),
  /** How long an answer of the monolith's counts, from when it was asked; 5s at most. */
  cache: duration
    .refine((length) => length <= 5_000, 'at most 5s: so long another gateway may not see a log-out')
    .prefault('5s'),
  /** How long the monolith may take. Then nobody knows who is calling, and no extracted service is asked. */
  timeout: duration.prefault('1s'),
  /** Questions to the monolith under way at a time, its connections for them; eight times as many may wait. */
  concurrency: z.int().min(1).max(1_000).default(32),
  /**
   * Routes of the monolith after which a session may be another's or nobody's: log-out, log-in, another role. What is
   * known of the session is forgotten while such a request is under way and when it is over.
   */
  changedBy: z
    .array(
      z
        .string()
        .refine(isRoute, { message: "a method and a path such as 'POST /logout'", abort: true })
        .refine(hasKnownMethod, 'a method of HTTP in capitals, such as GET, or * for any'),
    )
    .default([]),
  /** `iss` of the tokens. */
  issuer: z.string().min(1).default('banyan'),
  /** How long a token is good for, at most 60s. */
  lifetime: duration
    .refine((length) => length >= 5_000 && length <= 60_000, 'from 5s to 60s')
    .prefault('30s'),
  /** Private JSON Web Keys (`banyan identity key`). The first one signs, the public parts of all are published. */
  keys: z
    .array(
      z.string().transform((text, context) => {
        const key = readIdentityKey(text);
        if (!('mistake' in key)) return key;
        const message = `a private JSON Web Key as \`banyan identity key\` makes them; ${key.mistake}`;
        context.addIssue({ code: 'custom', message });
        return z.NEVER;
      }),
    )
    .min(1, 'at least one key'),
  /** Serves the public keys on this path of `gateway.listen`, besides the ops port. Nowhere else unless given. */
  jwks: path.optional(),
  /** A client's own fields that services of contexts with `identity` don't get, `_` read as `-`. */
  strip: z.array(z.string().regex(TOKEN, 'the name of a field')).default(IDENTITY_FIELDS),
});

/** What only the gateway may say in a token (RFC 7519 §4.1). */
const RESERVED = new Set(['iss', 'sub', 'aud', 'exp', 'nbf', 'iat', 'jti']);

/** What an extracted service is told of who is calling. */
export const contextIdentity = z.strictObject({
  /** Members of the monolith's answer that become claims of the token besides `sub`. */
  claims: z
    .array(
      z
        .string()
        .min(1)
        .refine(
          (claim) => !RESERVED.has(claim),
          'a claim other than iss, sub, aud, exp, nbf, iat and jti, which the gateway sets itself',
        ),
    )
    .default([]),
  /** `aud` of its tokens; the context's name unless given. */
  audience: z.string().min(1).optional(),
  /**
   * What becomes of a request of nobody: `anonymous` goes on without a token, `refuse` is answered with 401, and with
   * `redirect` a GET or HEAD is sent to that place and everything else refused.
   */
  nobody: z
    .union([
      z.enum(['anonymous', 'refuse']),
      z.strictObject({
        redirect: z.string().refine((text) => {
          const parsed = parseRedirect(text);
          return !('mistake' in parsed) && parsed.segments.every(({ kind }) => kind === 'literal');
        }, 'a path of this site, or an http or https URL, such as /login'),
      }),
    ])
    .default('anonymous'),
});

export type IdentityConfig = z.output<typeof identity>;
export type ContextIdentity = z.output<typeof contextIdentity>;
