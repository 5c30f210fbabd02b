import { Router } from 'express';
import type { Registry } from 'prom-client';
import { z } from 'zod';
import type { Config } from '../../contexts/index.ts';
import type { Database } from '../../runtime/database.ts';
import type { Log } from '../../runtime/log.ts';
import { Refusal } from '../refusal.ts';
import { composeLag } from './compose-lag.ts';
import { keepConsumerReports } from './consumer-reports.ts';
import { contextOf } from './context-of.ts';
import { lagMetrics } from './lag-metrics.ts';
import type { LagReport } from './lag-report.ts';
import { startSampler, type Reading } from './sampler.ts';

export interface LagDeps {
  readonly config: Config;
  /** The outbox database; stays the caller's. Without it the outbox lag is unknown. */
  readonly database?: Database | undefined;
  readonly log: Log;
}

export interface Lag {
  /** GET /v1/lag, POST /v1/consumers/:application. The caller asks for the token on /v1. */
  readonly router: Router;
  /** Pending events of a context, read now; undefined when nobody knows. */
  inFlight(context: string): Promise<number | undefined>;
  /** The same figures, as of the last sample. */
  readonly metrics: Registry;
  stop(): Promise<void>;
}

const report = z.strictObject({
  lagMs: z.number().min(0).nullable(),
  shards: z.number().int().min(0),
  handledTotal: z.number().int().min(0),
  at: z.iso.datetime(),
});

/** Watches the outbox, takes the consumers' reports, and serves both. */
export function lagRoutes({ config, database, log }: LagDeps): Lag {
  const sampler = database && startSampler(database, log);
  const consumers = keepConsumerReports();
  const known = new Set(Object.values(config.contexts).map(({ consumer }) => consumer));
  const owner = contextOf(config);
  const noOutbox: Reading = { problem: 'outbox: the configuration has no `outbox.database`' };
  const noRates = { rates: () => undefined, types: () => [] };

  const compose = (outbox: Reading): LagReport =>
    composeLag({
      config,
      outbox,
      rates: sampler?.rates ?? noRates,
      consumer: consumers.read,
      now: Date.now(),
    });
  const read = async () => (await sampler?.read()) ?? noOutbox;
  /** The database's clock now, ahead of the truth by no more than the last sample took. */
  const databaseTime = () => {
    const sample = sampler?.last().sample;
    return sample ? Date.now() + sample.databaseTime - sample.askedAt : Date.now();
  };
  const metrics = lagMetrics(() => compose(sampler?.last() ?? noOutbox));

  const router = Router();
  router.get('/v1/lag', async (_request, response) => {
    response.json(compose(await read()));
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
    metrics,
    stop: async () => sampler?.stop(),
  };
}
