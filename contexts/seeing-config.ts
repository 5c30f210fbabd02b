import { z } from 'zod';
import { duration, url } from './fields.ts';

/** Fields of the access log that can be left out; the rest (time, method, status) says what a line is of. */
export const ACCESS_FIELDS = [
  'host',
  'path',
  'client',
  'received',
  'sent',
  'context',
  'route',
  'kind',
  'stage',
  'upstream',
  'reason',
  'revision',
  'trace',
  'ms',
] as const;

const accessLogFields = z.strictObject({
  /** Share of the lines about requests that went well and fast, 0 to 1. All others are always written. */
  sample: z.number().min(0).max(1).default(1),
  /** A request that takes this long is slow: its line is written whatever the sample. */
  slow: duration.prefault('1s'),
  /** Whether lines have the query. It may hold secrets: tokens of log-ins, addresses, what somebody searched. */
  query: z.boolean().default(false),
  /** The client's address as it is, its network alone (/24 of IPv4, /48 of IPv6), or nothing. */
  client: z.enum(['address', 'network', 'none']).default('address'),
  /** Fields that are left out. */
  exclude: z.array(z.enum(ACCESS_FIELDS)).default([]),
});

/** One line of JSON on stdout for each request. */
export const accessLog = z
  .union([z.boolean(), accessLogFields])
  .default(false)
  .transform((written) => (typeof written === 'boolean' ? turned(written, accessLogFields) : written));

const exporter = z
  .union([
    url('http', 'https'),
    z.strictObject({
      /** Where spans are sent: OTLP over HTTP in JSON, such as `http://127.0.0.1:4318/v1/traces`. */
      url: url('http', 'https'),
      /** Fields of those requests, such as what lets us in. */
      headers: z.record(z.string().regex(/^[!#$%&'*+.^_`|~\w-]+$/, "a field's name"), z.string()).default({}),
    }),
  ])
  .transform((written) => (typeof written === 'string' ? { url: written, headers: {} } : written));

const tracingFields = z.strictObject({
  /** Share of the traces that begin here that are sampled, 0 to 1. Others keep what their caller decided. */
  sample: z.number().min(0).max(1).default(1),
  /** Whose traces are continued: `anybody`'s, or those alone that come through one of `trustedProxies`. */
  from: z.enum(['anybody', 'trustedProxies']).default('anybody'),
  /** `X-Amzn-Trace-Id` is read and written as well, and the ids of new traces are such as AWS X-Ray takes. */
  xray: z.boolean().default(false),
  /** Where spans of sampled traces go; there are none unless given. */
  exporter: exporter.optional(),
  /** What the gateway is called in traces (`service.name`). */
  service: z.string().min(1, 'a name').default('banyan-gateway'),
});

/** W3C Trace Context, continued or begun. Off, a client's own fields pass untouched. */
export const tracing = z
  .union([z.boolean(), tracingFields])
  .default(false)
  .transform((written) => (typeof written === 'boolean' ? turned(written, tracingFields) : written));

/**
 * What answers say in `Server-Timing`: `fallback` that the monolith stepped in for a failing service, `full` also how
 * long gateway and upstream took. `true` is `fallback`.
 */
export const serverTiming = z
  .union([z.boolean(), z.enum(['fallback', 'full'])])
  .default('fallback')
  .transform((written) => (written === true ? ('fallback' as const) : written));

function turned<T extends z.ZodObject>(on: boolean, fields: T): z.output<T> | undefined {
  return on ? fields.parse({}) : undefined;
}

export type AccessLogConfig = NonNullable<z.output<typeof accessLog>>;
export type AccessField = (typeof ACCESS_FIELDS)[number];
export type TracingConfig = NonNullable<z.output<typeof tracing>>;
export type ServerTiming = z.output<typeof serverTiming>;
