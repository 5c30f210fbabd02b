import express, { type Express, type RequestHandler, type Router } from 'express';
import { z } from 'zod';
import { cohortList, compileSnapshot, contextsBehind, explain } from '../contexts/index.ts';
import type { Log } from '../runtime/log.ts';
import type { AdminToken } from './admin-token.ts';
import { setContext, undoContext, type ChangeDeps } from './change-context.ts';
import { forgetGateway } from './forget-gateway.ts';
import { requireOwnHost, requireToken } from './guard.ts';
import { listContexts } from './list-contexts.ts';
import { problems, sendProblem } from './problem.ts';
import { Refusal } from './refusal.ts';
import { unreadable } from './store/unreadable.ts';

export interface AdminApiDeps extends ChangeDeps {
  readonly tokens: readonly AdminToken[];
  /** The host name of `control.admin`. */
  readonly host: string;
  /** Serves `/v1/lag` and `/v1/consumers/:application`, behind the token. */
  readonly lag?: Router | undefined;
  readonly log: Log;
}

const wait = z.number().min(0).max(60_000).default(2_000);
const consent = {
  /** Moves writes although that isn't safe; needs a reason. */
  unsafe: z.boolean().optional(),
  reason: z.string().trim().max(1_000).optional(),
  /** Milliseconds to wait for the gateways. */
  wait,
};
/** Of a canary; those that are in force stay unless given. */
const lists = { include: cohortList.optional(), exclude: cohortList.optional() };
const setBody = z.strictObject({
  /** `legacy`, `shadow`, `canary` (with `percent`), `extracted`, `retired`; or the form that GET answers with. */
  reads: z
    .union([z.string(), z.strictObject({ stage: z.string(), percent: z.number().optional(), ...lists })])
    .optional(),
  writes: z.union([z.string(), z.strictObject({ stage: z.string() })]).optional(),
  percent: z.number().optional(),
  ...lists,
  ...consent,
});
const undoBody = z.strictObject(consent);
const explainBody = z.strictObject({
  method: z.string().regex(/^[A-Z][A-Z-]*$/, 'a method in capitals, such as GET'),
  target: z.string().regex(/^(\/|https?:\/\/|\*$)/i, 'a path that begins with /, a URL, or *'),
  /** The host, unless it is in `headers`. */
  host: z.string().optional(),
  cohort: z.string().optional(),
  headers: z.record(z.string().toLowerCase(), z.string()).optional(),
});

/** The admin API: every endpoint under `/v1` wants a bearer token and speaks JSON, errors as problem details. */
export function adminApi(deps: AdminApiDeps): Express {
  const { store, log } = deps;
  const app = express();
  app.disable('x-powered-by');
  app.use(requireOwnHost(deps.host));
  app.get('/healthz', (_request, response) => void response.type('text/plain').send('ok\n'));
  app.get('/readyz', readiness(deps));
  app.use('/v1', requireToken(deps.tokens), express.json({ limit: '64kb' }));

  app.get('/v1/contexts', async (_request, response) => {
    response.json(await listContexts(deps.config, store));
  });
  app.post('/v1/contexts/:name', async (request, response) => {
    const body = parseBody(setBody, request.body);
    // As GET answers, a canary is told whole: without lists it has none.
    const whole = typeof body.reads === 'object' && body.reads.stage === 'canary';
    const none = whole ? { include: [], exclude: [] } : {};
    const reads = typeof body.reads === 'string' ? { stage: body.reads } : { ...none, ...body.reads };
    const writes = typeof body.writes === 'string' ? body.writes : body.writes?.stage;
    const asked = {
      ...{ reads: reads.stage, writes, percent: body.percent ?? reads.percent },
      ...{ include: body.include ?? reads.include, exclude: body.exclude ?? reads.exclude },
    };
    const result = await setContext(deps, {
      ...{ context: request.params.name, actor: actorOf(response), asked },
      ...{ unsafe: body.unsafe, reason: body.reason, wait: body.wait },
    });
    log.info({ ...result, actor: actorOf(response) }, 'a context was set');
    response.json(result);
  });
  app.post('/v1/contexts/:name/undo', async (request, response) => {
    const body = parseBody(undoBody, request.body);
    const result = await undoContext(deps, {
      ...{ context: request.params.name, actor: actorOf(response) },
      ...body,
    });
    log.info({ ...result, actor: actorOf(response) }, 'a change was undone');
    response.json(result);
  });
  app.post('/v1/explain', async (request, response) => {
    const facts = parseBody(explainBody, request.body);
    const stages = await store.read();
    const snapshot = compileSnapshot(deps.config, stages);
    const behind = snapshot.asksLag ? contextsBehind(deps.config, await store.lag()) : undefined;
    const decision = explain(snapshot, {
      behind,
      headers: {},
      now: Date.now(),
      ...facts,
    });
    response.json({ ...decision, generation: stages.generation });
  });
  app.get('/v1/gateways', async (_request, response) => {
    response.json({ gateways: await store.gateways() });
  });
  app.delete('/v1/gateways/:name', async (request, response) => {
    const forgotten = await forgetGateway(store, request.params.name);
    log.info({ ...forgotten, actor: actorOf(response) }, 'a gateway was forgotten');
    response.json(forgotten);
  });
  app.get('/v1/audit', async (request, response) => {
    const { context, limit } = parseBody(
      z.object({
        context: z.string().optional(),
        limit: z.coerce.number().int().min(1).max(1_000).optional(),
      }),
      request.query,
    );
    response.json({ entries: await store.audit({ context, ...(limit ? { limit } : {}) }) });
  });
  if (deps.lag) app.use(deps.lag);

  app.use((request, response) => {
    sendProblem(response, 404, 'Not Found', { detail: `there is no ${request.method} ${request.path}` });
  });
  app.use(problems(log));
  return app;
}

function readiness({ store }: AdminApiDeps): RequestHandler {
  return async (_request, response) => {
    const reason = await unreadable(store);
    response
      .status(reason === undefined ? 200 : 503)
      .type('text/plain')
      .send(reason === undefined ? 'ready\n' : `not ready: ${reason}\n`);
  };
}

function actorOf(response: express.Response): string {
  return String(response.locals['actor']);
}

/** The body as the schema reads it, or a Refusal that names every mistake in it. */
function parseBody<T extends z.ZodType>(schema: T, body: unknown): z.output<T> {
  const parsed = schema.safeParse(body ?? {});
  if (parsed.success) return parsed.data;
  const mistakes = parsed.error.issues.map(({ path, message }) =>
    path.length > 0 ? `${path.join('.')}: ${message}` : message,
  );
  throw new Refusal('invalid', `the request can't be read: ${mistakes.join('; ')}`);
}
