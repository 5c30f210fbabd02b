import type { RequestListener, ServerResponse } from 'node:http';
import { z } from 'zod';
import { KILL_CONSENTS, type ContextOutcome, type KillAnswer } from '../../contexts/index.ts';
import { bodyOf, refusalOf, sendJson } from '../ops-order.ts';
import type { Holder } from '../snapshot/holder.ts';
import type { Carried, KillSwitch } from './kill-switch.ts';

export interface OpsHandlersOptions {
  readonly killSwitch: KillSwitch;
  readonly holder: Pick<Holder, 'current'>;
  readonly name: string;
  readonly instance: string;
  readonly unaudited: () => number;
}

const printed = (text: string) => text.replaceAll(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]+/gu, ' ').trim();
const orderSchema = z.strictObject({
  contexts: z.union([z.literal('*'), z.array(z.string()).min(1, 'at least one context')]),
  by: z.string().transform(printed).pipe(z.string().min(1)).optional(),
  reason: z.string().transform(printed).optional(),
  consent: z.enum(KILL_CONSENTS).optional(),
});

/**
 * `GET /kill` lists, `POST /kill` kills, `POST /kill/release` releases. There is no log-in: who reaches the ops port
 * may do this. A web page may not, though it runs in the browser of somebody who reaches it: what tells of one
 * (`Origin`, RFC 6454 §7; `Sec-Fetch-Site`) is refused, and no form can send JSON.
 */
export function killHandlers(options: OpsHandlersOptions): Readonly<Record<string, RequestListener>> {
  const { killSwitch, holder, name, instance, unaudited } = options;
  const answer = (response: ServerResponse, { contexts, notKept }: Carried) => {
    const { generation, revision } = holder.current();
    const status = statusOf(contexts);
    const told: KillAnswer = {
      ...{ gateway: name, instance, generation, revision, contexts, notKept, unaudited: unaudited() },
    };
    sendJson(response, status, told);
  };
  const order =
    (carryOut: KillSwitch['kill']): RequestListener =>
    async (request, response) => {
      const refusal = refusalOf(request);
      if (refusal) return sendJson(response, refusal.status, { error: refusal.error });
      const body = await bodyOf(request);
      const parsed = orderSchema.safeParse(body);
      if (!parsed.success) {
        const mistakes = parsed.error.issues.map(
          ({ path, message }) => `${path.join('.') || 'body'}: ${message}`,
        );
        return sendJson(response, 400, { error: `the order can't be read: ${mistakes.join('; ')}` });
      }
      const by = parsed.data.by ?? request.socket.remoteAddress ?? 'unknown';
      answer(response, await carryOut({ ...parsed.data, by }));
    };
  const kill = order(killSwitch.kill);
  const release = order(killSwitch.release);
  return {
    '/kill': (request, response) => {
      if (request.method === 'GET' || request.method === 'HEAD')
        return answer(response, { contexts: killSwitch.list(), notKept: undefined });
      if (request.method === 'POST') return kill(request, response);
      sendJson(response, 405, { error: 'GET lists, POST kills' }, { allow: 'GET, HEAD, POST' });
    },
    '/kill/release': (request, response) => {
      if (request.method === 'POST') return release(request, response);
      sendJson(response, 405, { error: 'POST releases' }, { allow: 'POST' });
    },
  };
}

function statusOf(contexts: readonly ContextOutcome[]): number {
  if (contexts.some(({ refused }) => refused?.kind === 'unknown')) return 404;
  return contexts.some(({ refused }) => refused) ? 409 : 200;
}
