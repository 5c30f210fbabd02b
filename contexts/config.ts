import { z } from 'zod';
import { cidr } from './cidr.ts';
import { cdn, cohort, cohortList } from './cohort-config.ts';
import {
  address,
  databaseUrl,
  duration,
  name,
  period,
  processName,
  size,
  token,
  upstreamUrl,
  url,
} from './fields.ts';
import { fieldEdits } from './field-edits.ts';
import { isHostPattern } from './host.ts';
import { contextIdentity, identity } from './identity-config.ts';
import { limits } from './limits.ts';
import { listenerTls, upstreamTls } from './tls.ts';
import { hasKnownMethod, isRoute } from './methods.ts';
import { afterWrite, cookieName, ownWrites, signingKeys } from './own-writes-config.ts';
import { breaker, concurrency, health, limit, retryBudget } from './protection.ts';
import { upstreamHost, upstreamRewrite } from './upstream-rewrite.ts';
import { accessLog, serverTiming, tracing } from './seeing-config.ts';
import { shadow } from './shadow-config.ts';
import { verdict } from './verdict-config.ts';

const upstream = z.strictObject({
  /** Where it listens: scheme, host and port and nothing else, or `unix:/path` for a socket of the file system. */
  url: upstreamUrl,
  tls: upstreamTls.optional(),
  /**
   * How long an answer's head may take, from the request's last byte; then 504. An extracted service has 30s unless
   * given. Towards the monolith this and all that follows is none unless given: its slow exports go on working.
   */
  timeout: limit.optional(),
  /** How long connecting may take, each time; then 504. 2s unless given, or the `timeout` if that is shorter. */
  connectTimeout: limit.optional(),
  /** How long nothing of an answer's body may come; then the client's connection is broken off. 60s unless given. */
  idleTimeout: limit.optional(),
  /** On with its defaults unless given. While it is open, reads are the monolith's, and the rest is answered with 503. */
  breaker: breaker.optional(),
  /** Active checks; none unless given. While unhealthy, requests fare as with an open breaker. */
  health: health.optional(),
  /** None unless given. */
  concurrency: concurrency.optional(),
  /** 20 % unless given. */
  retryBudget: retryBudget.optional(),
  /** What it gets as Host: `client` (what the client sent, unless given), `upstream` (of its `url`), or a host. */
  host: upstreamHost.optional(),
  /** How its links and cookies become public ones. Links to itself do, unless given. */
  rewrite: upstreamRewrite.optional(),
});

/** Exact values by name, or `true` where only its being there counts. */
const asked = z.record(z.string().min(1), z.union([z.string(), z.literal(true)])).optional();

const routeFields = {
  /** `shop.example`, or `*.shop.example` for every name below it; without a port, of no matter what case. Any unless given. */
  host: z
    .string()
    .refine(isHostPattern, 'a host such as shop.example or *.shop.example, without a port')
    .toLowerCase()
    .optional(),
  /** Header fields that the request must have, by name: `{ X-Api: '2', X-Beta: true }`. */
  header: asked,
  /** The same for parameters of the query. */
  query: asked,
  /** The path that the extracted service gets instead, with the route's own `:names`. */
  rewrite: z.string().startsWith('/', 'a path that begins with /').optional(),
  /** A GET that changes state is a write; by default GET, HEAD and OPTIONS are reads. */
  kind: z.enum(['read', 'write']).optional(),
};

/**
 * Which requests belong to a context: a method (`*` is any; routes of GET also take HEAD) and a path. `:name` is one
 * segment, `*` at the end whatever follows; all else is literal, and upper and lower case differ. Matched is the
 * canonical form of the path (RFC 3986 §6.2.2). Of several the most specific wins: by host, then path, then method, then
 * header and query; two of which neither is more specific are a mistake. `gateway.targets` says what becomes of
 * targets that servers read in different ways.
 */
const route = z
  .union([
    z.string(),
    z.strictObject({
      match: z.string(),
      ...routeFields,
      /** Longest body of a request: `10MiB`. More is 413, and no upstream gets it. `gateway.limits.maxBody` unless given. */
      maxBody: z.string().optional(),
      /** Fields that are set or removed in what the extracted service gets, … */
      request: fieldEdits.optional(),
      /** … and in what it answers. The monolith's are left alone. */
      response: fieldEdits.optional(),
      /**
       * While shadowed, the monolith may be asked a second time for a sampled read: what differs between its own two
       * answers is noise. Not for routes that hold a lock of the user's session (PHP) or cost much.
       */
      repeatable: z.boolean().optional(),
    }),
  ])
  .transform((written) => (typeof written === 'string' ? { match: written } : written))
  .pipe(
    z.strictObject({
      match: z
        .string()
        .refine(isRoute, {
          message: "a method and a path such as 'GET /inventory/:sku' (method * is any)",
          abort: true,
        })
        .refine(hasKnownMethod, 'a method of HTTP in capitals, such as GET, or * for any'),
      ...routeFields,
      maxBody: size.optional(),
      request: fieldEdits.optional(),
      response: fieldEdits.optional(),
      repeatable: z.boolean().optional(),
    }),
  );

const reads = z.union([
  z.enum(['legacy', 'shadow', 'extracted', 'retired']).transform((stage) => ({ stage })),
  z
    .strictObject({
      canary: z.number().min(0).max(100),
      /** Cohorts that the service answers whatever the percentage, and such that it never answers. */
      include: cohortList.optional(),
      exclude: cohortList.optional(),
    })
    .transform(({ canary, ...lists }) => ({ stage: 'canary' as const, percent: canary, ...lists })),
]);

const writes = z.enum(['legacy', 'extracted', 'retired']).transform((stage) => ({ stage }));

/** What the gateway answers for a retired context; 410 Gone (RFC 9110 §15.5.11) unless given. */
const retired = z.strictObject({
  /**
   * Where requests are redirected to: an http(s) URL, or a path of this site. A segment may be a `:name` that every
   * route of the context has; `*` as the last one is the request's whole path. The request's query goes on unless
   * this has one.
   */
  redirect: z.string(),
  /** Of the redirect (RFC 9110 §15.4). Writes are redirected with 307 and 308 alone, and get 410 otherwise. */
  status: z.literal([301, 302, 307, 308]).default(308),
});

const streamName = z.string().regex(/^[a-zA-Z0-9_.-]{1,128}$/, 'a Kinesis stream name');

const context = z.strictObject({
  upstream: name,
  cohort: cohort.optional(),
  routes: z.array(route).min(1, 'at least one route'),
  /** Event types that belong to this context; each belongs to exactly one. */
  events: z.array(z.string().min(1)).default([]),
  /** The stream that the events of its `aggregates` go to, one of `streams`; `stream.name` unless given. */
  stream: streamName.optional(),
  /** Aggregate types that belong to this context, besides those of its captures; each belongs to one at most. */
  aggregates: z.array(z.string().regex(/^[^:]{1,64}$/, 'an aggregate type without a colon')).default([]),
  /** The consumer application whose lag is this context's consumer lag. */
  consumer: name.optional(),
  /**
   * For so long after an unsafe request of a cohort its reads go to the owner of the writes, on every gateway: it sees
   * what it has written. Needs a `cohort`. Off unless given.
   */
  afterWrite,
  /**
   * Reads go back to the monolith while it owns the writes and what it has committed takes longer than that to be
   * handled by the `consumer`, or nobody knows how long. Needs `consumer` and `outbox`. Off unless given.
   */
  maxLag: duration.optional(),
  /** `false`: reads whose extracted service fails are not answered by the monolith. */
  fallback: z.boolean().default(true),
  /** First values only: once the store has the context, the store owns its stages. */
  reads: reads.default({ stage: 'legacy' }),
  writes: writes.default({ stage: 'legacy' }),
  retired: retired.optional(),
  /** How answers are compared while the reads are in `shadow`. */
  shadow: shadow.prefault({}),
  /** What `banyan status` judges the context by. */
  verdict: verdict.prefault({}),
  /** Tells the extracted service who is calling, in a signed token; nobody unless given. Needs `gateway.identity`. */
  identity: contextIdentity.optional(),
});

const capture = z.strictObject({
  table: z.string().regex(/^[A-Za-z0-9_$]{1,64}$/, 'a table name'),
  /** The primary-key column whose value is the aggregate id. */
  key: z.string().min(1),
  /** Columns that may leave the monolith; nothing else is captured. */
  columns: z.array(z.string().min(1)).min(1, 'at least one column'),
  /** Those of the columns that are personal: masked wherever Banyan shows an event. None unless given. */
  personal: z.array(z.string().min(1)).default([]),
  aggregate: z.string().min(1).max(64),
  /** The context that its events belong to. */
  context: name.optional(),
  /** A module that exports `translate(rowEvent)`: the domain event, or undefined to drop it. */
  translate: z.string().optional(),
});

export const configSchema = z.strictObject({
  gateway: z
    .strictObject({
      listen: address.default('127.0.0.1:8080'),
      /** Health, metrics: never public. */
      ops: address.default('127.0.0.1:9101'),
      /** Where the gateway keeps its copy of the snapshot, for a start without the store. */
      stateDir: z.string().default('.banyan'),
      /**
       * Say it where a CDN or another shared cache stands in front. `private`: answers to reads in canary say
       * `Cache-Control: private`. `cacheKey`: it tells stored answers apart by the cohort's cookie or field itself.
       */
      cdn: cdn.optional(),
      /**
       * Pins: a signed `X-Banyan-Pin` field or cookie sends one client's reads to one side until it expires
       * (`banyan pin`). Without this there are none, and no request pays for them.
       */
      overrides: z
        .strictObject({
          /** Secrets of HMAC-SHA-256 (RFC 2104 §3: no shorter than its output). The first one signs, all are believed. */
          keys: signingKeys,
          /** The cookie's name. */
          cookie: cookieName().default('banyan-pin'),
        })
        .optional(),
      /** Asks the monolith who is calling, for contexts with `identity`. Without this nobody is asked. */
      identity: identity.optional(),
      /**
       * Lets a cookie carry from one gateway to the next that its client has just written (`contexts.*.afterWrite`).
       * Without it Redis does, and without both each gateway knows only of what was written through itself.
       */
      ownWrites: ownWrites.optional(),
      /**
       * A target that servers in use read in different ways, of which one is a context's and another isn't: `report`
       * passes it to the monolith byte for byte, counted and logged, `enforce` answers 400.
       */
      targets: z.enum(['report', 'enforce']).default('report'),
      /** How it is named among the gateways; host name and listening port unless given. Another's name gets `~2`. */
      name: processName.optional(),
      /**
       * Addresses and blocks (CIDR) of the proxies in front of the gateway. What they say in X-Forwarded-* and
       * Forwarded is kept and added to; what anybody else says there is replaced. Nobody's unless given.
       */
      trustedProxies: z.array(cidr).default([]),
      limits: limits.prefault({}),
      serverTiming,
      /** Whether answers say who gave them and why: `X-Banyan-Context`, `-Upstream`, `-Reason`, `-Revision`. */
      answerFields: z.boolean().default(false),
      accessLog,
      tracing,
      /** The ops ports of all gateways, which `banyan kill`, `shadow report` and `status` ask; `ops` of this file unless given. */
      fleet: z.array(address).default([]),
      kill: z
        .strictObject({
          /** Kills the contexts that its lines name (`*` is all); `kill` in `stateDir` unless given. */
          file: z.string().min(1, 'the name of a file').optional(),
          /** `Retry-After` of a write that is held, in whole seconds, rounded up. */
          retryAfter: duration.prefault('10s'),
        })
        .prefault({}),
      tls: listenerTls.optional(),
      /**
       * Lets several processes of one host listen on one port, each with an ops port of its own: the kernel shares the
       * connections out (SO_REUSEPORT). Linux and FreeBSD.
       */
      reusePort: z.boolean().default(false),
    })
    .prefault({}),
  upstreams: z.record(name, upstream),
  /** The upstream that gets whatever no context's route matches. */
  monolith: name.default('monolith'),
  contexts: z.record(name, context).default({}),
  control: z
    .strictObject({
      admin: address.default('127.0.0.1:9102'),
      /** Health and metrics of `banyan control-plane`, the lag's among them: never public. */
      ops: address.default('127.0.0.1:9105'),
      /**
       * Lets `admin` be an address that other hosts reach, which is a mistake otherwise. It needs `tokens` then:
       * the token file of one host is none for others. Put TLS and a firewall in front.
       */
      exposed: z.boolean().default(false),
      /** `file`: one host, nothing else needed. `mysql`: through Prisma, for any number of gateways. */
      store: z.enum(['file', 'mysql']).default('file'),
      database: databaseUrl.optional(),
      /** Bearer tokens of the admin API; the audit names their owner. */
      tokens: z
        .array(
          z.strictObject({
            owner: z.string().min(1).max(190, 'at most 190 characters: the audit holds no more'),
            token,
          }),
        )
        .default([]),
    })
    .prefault({}),
  /** Wake-ups, announcements and jobs. Everything on the hot path works without it. */
  redis: url('redis', 'rediss').optional(),
  outbox: z
    .strictObject({
      database: databaseUrl,
      /** How long settled rows are kept. */
      retention: period.prefault('7d'),
      /**
       * What relays do on another server than before (a failover, a restore). `stop`: nothing, until somebody says
       * `banyan relay accept-server`. `follow`: they go on, unless one of them knows that commits are missing there.
       */
      failover: z.enum(['stop', 'follow']).default('stop'),
      /** What the outbox may take of the legacy database's disk. */
      budget: z
        .strictObject({
          /** Of all its tables together. */
          bytes: size.prefault('10GiB'),
          /**
           * At the budget: `alarm`, or `stopCapture` as well, which removes the triggers of all captures and marks them as
           * needing a backfill. The control plane's user needs TRIGGER and SELECT on the captured tables for that.
           */
          atBudget: z.enum(['alarm', 'stopCapture']).default('alarm'),
        })
        .prefault({}),
    })
    .optional(),
  stream: z
    .strictObject({
      name: streamName,
      region: z.string().default('us-east-1'),
      /** For an emulator; AWS' own endpoint unless given. */
      endpoint: url('http', 'https').optional(),
    })
    .optional(),
  /** Further streams by their names: those of contexts, and those that events are replayed into. */
  streams: z
    .record(
      streamName,
      z.strictObject({
        /** That of `stream` unless given. */
        region: z.string().optional(),
        /** That of `stream` unless given. */
        endpoint: url('http', 'https').optional(),
      }),
    )
    .default({}),
  relay: z
    .strictObject({
      ops: address.default('127.0.0.1:9103'),
      name: processName.optional(),
      /** How long a bucket's lease lasts unless renewed. */
      lease: duration.prefault('10s'),
      /** How long one PutRecords request may take. Must be less than half of the lease. */
      requestTimeout: duration.prefault('3s'),
      /** The longest pause between two looks into the outbox when nothing wakes the relay. */
      poll: duration.prefault('500ms'),
      /** How often a heartbeat is sent through every bucket and shard, at most 20s; `false`: never. */
      heartbeat: z
        .union([z.literal(false), duration])
        .refine(
          (time) => time === false || time <= 20_000,
          'at most 20s: after a minute a missing one counts',
        )
        .prefault('10s'),
      /**
       * What becomes of the key of an event that can't be sent, where the registry says nothing of its type: `wait` for
       * somebody to see to it, or `skip` the event, which is audited. Keys of `ordered: sequence` aggregates always wait.
       */
      onPoison: z.enum(['wait', 'skip']).default('wait'),
      /**
       * `same-key` packs consecutive events of one key into one record in the KPL's aggregated format, which every
       * consumer of the stream has to be able to take apart; `none`: one event a record.
       */
      aggregation: z.enum(['none', 'same-key']).default('none'),
      /** A type of which so many events fail within that time, at all relays together, is paused, instead of each being parked. */
      pauseAfter: z
        .strictObject({
          failures: z.int().min(1).default(10),
          within: duration.prefault('1m'),
        })
        .prefault({}),
    })
    .prefault({}),
  /** A module whose default export is the registry of event types, `defineRegistry({ … })`. Nothing is checked without. */
  registry: z.string().min(1, 'the path of a module').optional(),
  captures: z.record(name, capture).default({}),
});

/** `banyan.yaml` as written, checked and with its defaults filled in. Lengths of time are milliseconds. */
export type Config = z.output<typeof configSchema>;
export type ContextConfig = Config['contexts'][string];
export type RouteConfig = ContextConfig['routes'][number];
export type CaptureConfig = Config['captures'][string];
export type CohortConfig = NonNullable<ContextConfig['cohort']>;
