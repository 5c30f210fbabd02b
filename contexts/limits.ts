import { z } from 'zod';
import { duration, size } from './fields.ts';

const none = z.literal('none').transform(() => undefined);

/**
 * What one client may take of the gateway. Those that are on by default leave a slow client alone that is alive;
 * nothing here limits what the monolith takes.
 */
export const limits = z.strictObject({
  /** Header fields of a request; more are 431 (RFC 6585 §5). Browsers send some 30, Apache takes 100. */
  fields: z.int().min(20, 'at least 20').max(10_000, 'at most 10000').default(200),
  /** A request's line and fields together; longer is 431 (RFC 6585 §5). */
  headBytes: size
    .refine((bytes) => bytes >= 4_096 && bytes <= 1_048_576, 'a size from 4KiB to 1MiB')
    .prefault('64KiB'),
  /** How long a request's head may take, and the TLS handshake; then 408 (RFC 9110 §15.5.9). */
  headTimeout: duration.prefault('60s'),
  /**
   * In each such time in which the gateway waits for a body, the client sends as much as `bodyRate` says; else 408, and
   * the upstream's request is aborted. `none`: it may take for ever.
   */
  bodyTimeout: z.union([none, duration]).prefault('60s'),
  /** Bytes a second, on average over `bodyTimeout`. 0: any byte will do. A line of the slowest kind carries 1,000. */
  bodyRate: z.int().min(0, 'at least 0').default(64),
  /** Longest body of a request, where its route has no `maxBody`; more is 413 (RFC 9110 §15.5.14). None unless given. */
  maxBody: size.optional(),
  /**
   * In each such time in which an answer waits for it, the client takes as much as `readRate` says; else its connection
   * is closed. Long enough for a download that a person has paused. `none`: it may take for ever.
   */
  readTimeout: z.union([none, duration]).prefault('5m'),
  /** Bytes a second, on average over `readTimeout`. 0: any byte will do. */
  readRate: z.int().min(0, 'at least 0').default(64),
  /**
   * Connections of one client address; behind a trusted proxy, its requests under way. More are 429 (RFC 6585 §4).
   * None unless given: an office or a mobile network can be one address.
   */
  connectionsPerClient: z.int().min(1, 'at least 1').optional(),
});

export type Limits = z.output<typeof limits>;
