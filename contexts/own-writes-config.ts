import { z } from 'zod';
import { duration } from './fields.ts';
import { hasKnownMethod, isRoute } from './methods.ts';

/** Keys that sign, and the name of what they sign. HMAC-SHA-256 (RFC 2104 §3: no shorter than its output). */
export const signingKeys = z
  .array(
    z
      .string()
      .refine(
        (key) => Buffer.byteLength(key) >= 32,
        'at least 32 bytes, such as of `openssl rand -base64 32`',
      ),
  )
  .min(1, 'at least one key');

/** A schema of its own for each field: shared ones are described twice. */
export const cookieName = () => z.string().regex(/^[!#$%&'*+.^_`|~\w-]+$/, 'the name of a cookie');

/** Another part's route that changes what the context shows: a method and a path, and nothing else. */
const elsewhere = z
  .string()
  .refine(isRoute, {
    message: "a method and a path such as 'POST /orders' (method * is any)",
    abort: true,
  })
  .refine(hasKnownMethod, 'a method of HTTP in capitals, such as POST, or * for any');

/**
 * How long a cohort's reads follow the owner of the writes once it has written: a length of time, or with the routes that
 * count. `off` is as if it weren't there.
 */
export const afterWrite = z
  .union([
    z.literal('off').transform(() => undefined),
    duration.transform((length) => ({ for: length, routes: undefined })),
    z.strictObject({
      /** Counted from the end of the write's answer. 5s unless given. */
      for: duration.prefault('5s'),
      /**
       * Besides the context's own write routes, whose requests change what the context shows; a GET counts too. Unless
       * given, every unsafe request (RFC 9110 §9.2.1) that the monolith answers.
       */
      routes: z.array(elsewhere).optional(),
    }),
  ])
  .optional();

/** What carries a write from one gateway to the next besides Redis: a cookie that the gateway signs. */
export const ownWrites = z.strictObject({
  /** Secrets of HMAC-SHA-256. The first one signs, all are believed. */
  keys: signingKeys,
  /** The cookies' name, before `-` and the context's. */
  cookie: cookieName().default('banyan-wrote'),
});

export type AfterWrite = NonNullable<z.output<typeof afterWrite>>;
