import { z } from 'zod';
import { duration } from './fields.ts';

const percent = z.number().gt(0, 'a percentage above 0').max(100, 'a percentage of at most 100');
const count = z.int().min(1);
const none = z.literal('none');

/** A time-out, or `none`: as long as it takes. */
export const limit = z.union([duration, none]);

/**
 * When an upstream is left alone because its requests fail, and how it is tried again. A request fails when its
 * exchange breaks on the upstream's side, takes too long, or is answered with a status of 5xx.
 */
export const breaker = z.union([
  none,
  z.strictObject({
    /** Opens when this share of the requests within `window` failed, in percent; looked at from `minimum` requests on. */
    failureRate: percent.default(50),
    window: duration.prefault('10s'),
    minimum: count.default(20),
    /** Opens when so many requests in a row failed, however few there are (a passive health check). */
    consecutive: count.default(5),
    /** How long it stays open the first time; twice as long each time that a probe fails, up to `maxOpenFor`. */
    openFor: duration.prefault('5s'),
    maxOpenFor: duration.prefault('1m'),
    /** So many requests are let through after that. It closes when all of them succeed, and opens when one fails. */
    probes: count.default(3),
  }),
]);

/** An active check: `GET path` over a connection of its own; a status of 2xx or 3xx is a pass. */
export const health = z.union([
  none,
  z.strictObject({
    path: z.string().regex(/^\/[\x21-\x7e]*$/, 'a path that begins with / and has no white space'),
    every: duration.prefault('5s'),
    /** How long one check may take. */
    timeout: duration.prefault('2s'),
    /** Checks in a row that must fail before the upstream is unhealthy, and pass before it is healthy again. */
    failures: count.default(3),
    passes: count.default(2),
  }),
]);

/** Requests under way to an upstream at a time; more are answered with 503 and `Retry-After`. */
export const concurrency = z.union([count, none]);

/** Share of requests that may be sent once more, in percent. */
export const retryBudget = z.union([z.number().min(0).max(100), none]);

export type BreakerPolicy = Exclude<z.output<typeof breaker>, 'none'>;
export type HealthPolicy = Exclude<z.output<typeof health>, 'none'>;

/** What protects one upstream and its clients from each other; undefined is none. Milliseconds. */
export interface Protection {
  readonly connectTimeout: number | undefined;
  readonly timeout: number | undefined;
  readonly idleTimeout: number | undefined;
  readonly breaker: BreakerPolicy | undefined;
  readonly health: HealthPolicy | undefined;
  readonly concurrency: number | undefined;
  readonly retryBudget: number | undefined;
}

/** As written for one upstream; what is left out has its default. */
export interface WrittenProtection {
  readonly connectTimeout?: number | 'none' | undefined;
  readonly timeout?: number | 'none' | undefined;
  readonly idleTimeout?: number | 'none' | undefined;
  readonly breaker?: BreakerPolicy | 'none' | undefined;
  readonly health?: HealthPolicy | 'none' | undefined;
  readonly concurrency?: number | 'none' | undefined;
  readonly retryBudget?: number | 'none' | undefined;
}

const CONNECT = 2_000;
const DEFAULT_BREAKER: BreakerPolicy = breaker.parse({}) as BreakerPolicy;

/**
 * The protection of an upstream, defaults filled in. Towards the monolith everything is none unless configured: what
 * it took its time for before goes on working.
 */
export function protectionOf(written: WrittenProtection, isMonolith: boolean): Protection {
  const { timeout, connectTimeout, idleTimeout, breaker: breaks, health: checks } = written;
  const head = on(timeout, isMonolith ? undefined : 30_000);
  return {
    timeout: head,
    // An answer can't come before the connection.
    connectTimeout: on(connectTimeout, isMonolith ? head : Math.min(CONNECT, head ?? CONNECT)),
    idleTimeout: on(idleTimeout, isMonolith ? undefined : 60_000),
    breaker: on(breaks, isMonolith ? undefined : DEFAULT_BREAKER),
    health: on(checks, undefined),
    concurrency: on(written.concurrency, undefined),
    retryBudget: on(written.retryBudget, isMonolith ? undefined : 20),
  };
}

function on<T>(written: T | 'none' | undefined, standard: T | undefined): T | undefined {
  return written === undefined ? standard : written === 'none' ? undefined : (written as T);
}
