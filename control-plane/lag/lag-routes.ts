import { Router, type Response } from 'express';
import type { Registry } from 'prom-client';
import { z } from 'zod';
import type { Config } from '../../contexts/index.ts';
import { readConsumerLag } from '../../outbox/consumer-lag-history.ts';
import { LAG_HISTORY_KEPT, readLagHistory } from '../../outbox/lag-history.ts';
import type { Database } from '../../runtime/database.ts';
import type { Log } from '../../runtime/log.ts';
import { watchBudget } from '../budget/watch-budget.ts';
import { sendProblem } from '../problem.ts';
import { Refusal, unknownContext } from '../refusal.ts';
import { composeLag } from './compose-lag.ts';
import { endToEnd, type EndToEnd } from './end-to-end.ts';
import { keepConsumerReports } from './consumer-reports.ts';
import { contextOf } from './context-of.ts';
import { keepOutboxHistory } from './handled-until.ts';
import { composeHistory, type LagHistory } from './lag-history.ts';
import { keepConsumerLag } from './keep-consumer-lag.ts';
import { lagMetrics } from './lag-metrics.ts';
import type { LagReport } from './lag-report.ts';
import { describe, startSampler, type Reading } from './sampler.ts';

export interface LagDeps {
  readonly config: Config;
  /** The outbox database; stays the caller's. Without it the outbox lag is unknown. */
  readonly database?: Database | undefined;
  readonly log: Log;
  /** Milliseconds between two looks at the consumers' lag that are written down. Default 20,000. */
  readonly keepEvery?: number;
}

export interface Lag {
  /** GET /v1/lag and /v1/lag/history, POST /v1/consumers/:application. The caller asks for the token on /v1. */
  readonly router: Router;
  /** Pending events of a context, read now; undefined when nobody knows. */
  inFlight(context: string): Promise<number | undefined>;
  /**
   * How long ago, in milliseconds, everything that was committed then was handled by the context's consumer; undefined is
   * unknown. Of the context's events, of all where it names none.
   */
  handledAgo(context: string): number | undefined;
  /** The same figures, as of the last sample. */
  readonly metrics: Registry;
  stop(): Promise<void>;
}

const report = z.strictObject({
  lagMs: z.number().min(0).nullable(),
  stream: z.string().optional(),
  shards: z.number().int().min(0),
  handledTotal: z.number().int().min(0),
  at: z.iso.datetime(),
  heartbeats: z
    .array(z.object({ outbox: z.string(), oldest: z.iso.datetime(), missing: z.array(z.string()) }))
    .optional(),
  held: z
    .object({
      waiting: z.number().int().min(0),
      oldestWaitingMs: z.number().min(0).nullable(),
      parked: z.number().int().min(0),
      oldestParkedMs: z.number().min(0).nullable(),
    })
    .nullable()
    .optional(),
});

/** As long as minutes are kept, at most. */
const historyQuery = z.strictObject({
  minutes: z.coerce
    .number()
    .int()
    .min(1)
    .max(LAG_HISTORY_KEPT / 60_000)
    .default(120),
  context: z.string().optional(),
});

/** Watches the outbox, takes the consumers' reports, and serves both. */
export function lagRoutes({ config, database, log, keepEvery }: LagDeps): Lag {
  const history = keepOutboxHistory(historyOf(config));
  const sampler = database && startSampler(database, log, history.add);
  const consumers = keepConsumerReports();
  const known = new Set(Object.values(config.contexts).map(({ consumer }) => consumer));
  const owner = contextOf(config);
  const owning = new Set([
    ...Object.entries(config.contexts).flatMap(([name, { events }]) => (events.length > 0 ? [name] : [])),
    ...Object.values(config.captures).map(({ context }) => context),
  ]);
  const noOutbox: Reading & { readonly problem: string } = {
    problem: 'outbox: the configuration has no `outbox.database`',
  };
  const noRates = { rates: () => undefined, types: () => [] };

  const outboxName = config.outbox && decodeURIComponent(new URL(config.outbox.database).pathname.slice(1));
  /** The application that handles a context's events, and the stream that they go to. */
  const consumerOf = (context: string): [application: string, stream: string | undefined] => {
    const { consumer, stream } = config.contexts[context]!;
    return [consumer!, stream ?? config.stream?.name];
  };
  const readingOf = (context: string) => consumers.read(...consumerOf(context));
  const endToEndOf = (context: string): EndToEnd => {
    const [application, stream] = consumerOf(context);
    const sample = sampler?.last().sample;
    const now = Date.now();
    return endToEnd({
      expected: config.relay.heartbeat !== false && outboxName !== undefined,
      told: outboxName === undefined ? undefined : consumers.heartbeats(application, outboxName, stream),
      databaseTime: sample && now + sample.databaseTime - sample.askedAt,
      now,
    });
  };

  const compose = (outbox: Reading): LagReport =>
    composeLag({
      config,
      outbox,
      rates: sampler?.rates ?? noRates,
      consumer: readingOf,
      endToEnd: endToEndOf,
      now: Date.now(),
    });
  const read = async () => (await sampler?.read()) ?? noOutbox;
  /** The database's clock now, ahead of the truth by no more than the last sample took. */
  const databaseTime = () => {
    const sample = sampler?.last().sample;
    return sample ? Date.now() + sample.databaseTime - sample.askedAt : Date.now();
  };
  const metrics = lagMetrics(() => compose(sampler?.last() ?? noOutbox), {
    capturing: Object.keys(config.captures).length > 0,
  });

  const consumerLag =
    database &&
    keepConsumerLag({
      ...{ database, log },
      report: () => compose(sampler?.last() ?? noOutbox),
      ...(keepEvery === undefined ? {} : { every: keepEvery }),
    });
  const stopBudget =
    database && config.outbox
      ? watchBudget(database, metrics, {
          ...config.outbox.budget,
          captures: Object.entries(config.captures).map(([name, { context }]) => ({ name, context })),
          log,
        })
      : undefined;

  const router = Router();
  router.get('/v1/lag', async (_request, response) => {
    response.json(compose(await read()));
  });
  router.get('/v1/lag/history', async (request, response) => {
    const asked = historyQuery.safeParse(request.query);
    if (!asked.success)
      throw new Refusal('invalid', `this can't be asked for: ${z.prettifyError(asked.error)}`);
    const { minutes, context } = asked.data;
    if (!database) return sendAway(response, noOutbox.problem);
    const read = await readLagHistory(database, minutes).catch((error: Error) => error);
    if (read instanceof Error) return sendAway(response, `the history can't be read: ${describe(read)}`);
    // A control plane from before, or one without the right, has kept nothing of the consumers: these are gaps then.
    const consumers = await readConsumerLag(database, { end: read.end, minutes }).catch(() => []);
    const history = composeHistory({ ...read, consumers }, { minutes, names: Object.keys(config.contexts) });
    const { contexts } = history;
    if (context !== undefined && !contexts.some(({ name }) => name === context))
      throw unknownContext(
        context,
        contexts.map(({ name }) => name),
      );
    response.json({
      ...history,
      contexts: contexts.filter(({ name }) => context === undefined || name === context),
    } satisfies LagHistory);
  });
  router.post('/v1/consumers/:application', (request, response) => {
    const { application } = request.params;
    if (!known.has(application))
      throw new Refusal('unknown', `no context of the configuration has \`consumer: ${application}\``);
    const parsed = report.safeParse(request.body);
    if (!parsed.success)
      throw new Refusal('invalid', `the report can't be read: ${z.prettifyError(parsed.error)}`);
    consumers.take(application, parsed.data, databaseTime());
    response.status(204).end();
  });

  return {
    router,
    async inFlight(context) {
      const { sample } = await read();
      return sample?.types
        .filter(({ type }) => owner(type) === context)
        .reduce((sum, { pending }) => sum + pending, 0);
    },
    handledAgo(context) {
      const { consumer } = config.contexts[context] ?? {};
      if (consumer === undefined) return undefined;
      const own = owning.has(context) ? (type: string) => owner(type) === context : () => true;
      const ago = history.handledAgo(own, readingOf(context));
      const whole = endToEndOf(context);
      if (ago === undefined || whole.endToEndState === 'unknown') return undefined;
      // A heartbeat is late when the next one should have come.
      return Math.max(ago, (whole.endToEndMs ?? 0) - Number(config.relay.heartbeat));
    },
    metrics,
    async stop() {
      await Promise.all([sampler?.stop(), consumerLag?.stop(), stopBudget?.()]);
    },
  };
}

function sendAway(response: Response, detail: string): void {
  sendProblem(response, 503, 'Outbox Away', { detail });
}

/** Milliseconds of samples to keep: beyond the greatest lag that anybody allows, it doesn't matter how great it is. */
function historyOf({ contexts }: Config): number {
  const most = Object.values(contexts).map(({ maxLag }) => maxLag ?? 0);
  return Math.max(60_000, ...most) + 10_000;
}
