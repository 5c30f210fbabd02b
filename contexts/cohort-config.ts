import { z } from 'zod';
import { publicKeyIn, secretIn } from './jwt-claim.ts';

const cookie = z.string().min(1);
const header = z.string().min(1).toLowerCase();
const publicKey = z
  .string()
  .refine((text) => publicKeyIn(text) !== undefined, 'a public key or certificate in PEM: RSA, EC or Ed25519')
  .optional();
const secret = z
  .string()
  .refine(
    (text) => secretIn(text) !== undefined,
    'a secret of 32 bytes or more (RFC 7518 §3.2), and no key in PEM',
  )
  .optional();
const claim = z.string().min(1).default('sub');

/** Who a decision is sticky for. A request without it goes to the monolith while the context is in canary. */
export const cohort = z.union([
  z.strictObject({
    cookie,
    /**
     * The gateway gives the cookie to whoever has none while the reads are in canary, with answers that no shared
     * cache may store (RFC 9111 §3) and never with others.
     */
    issue: z.boolean().optional(),
  }),
  z.strictObject({ header }),
  /**
   * A claim of a JWT (RFC 7519) that a cookie or a field holds, `Authorization: Bearer` unless given. Without a
   * `publicKey` or a `secret` it is read and not verified, so it decides on nothing but stickiness: `include` and
   * `exclude` are refused with it. With one of them, a token that it doesn't verify names nobody. A `secret` verifies
   * HS256 and nothing else.
   */
  z.strictObject({
    jwt: z.union([
      z.strictObject({ claim, publicKey, secret, cookie }),
      z.strictObject({ claim, publicKey, secret, header: header.default('authorization') }),
    ]),
  }),
  /** A `:name` that every route of the context has. */
  z.strictObject({
    parameter: z.string().regex(/^[A-Za-z_][A-Za-z0-9_]*$/, 'the name of a :name of the routes'),
  }),
  /** The resolved client address; of an IPv6 address its network, the first 64 bits (RFC 4291 §2.5.1). */
  z.strictObject({ address: z.literal(true) }),
]);

/** Cohorts by name, as the requests say them. 200 entries of at most 128 characters each. */
export const cohortList = z.array(z.string().min(1).max(128)).max(200);

/** What stands in front of the gateway and may answer several clients from one stored answer. */
export const cdn = z.union([
  z.enum(['private']),
  z.strictObject({
    /** What the CDN tells stored answers apart by, besides the URL. */
    cacheKey: z.array(z.union([z.strictObject({ cookie }), z.strictObject({ header })])).min(1),
  }),
]);
