import type { IncomingMessage } from 'node:http';
import type { Decision } from '../contexts/index.ts';
import type { Log } from '../runtime/log.ts';
import type { Failure } from './forwarding/forwarder.ts';
import type { GatewayMetrics } from './metrics.ts';
import { traceOf } from './seeing/seeing.ts';

/** Counts an exchange that broke, and logs it. */
export function tellFailure(
  { metrics, log }: { readonly metrics: GatewayMetrics; readonly log: Log },
  decision: Decision,
  upstream: string,
  request: IncomingMessage,
  failure: Failure,
): void {
  const { method, socket } = request;
  const { side, phase, cause, refused } = failure;
  metrics.failed(upstream, failure);
  if (refused) metrics.refused(refused.limit);
  const why = refused ? { ...refused, client: socket.remoteAddress } : { err: cause };
  log.warn({ ...factsOf(decision, upstream, request), side, phase, method, ...why }, wordsFor(failure));
}

/** What every line about a request says. */
export function factsOf(
  { context, route, reason, revision }: Decision,
  upstream: string,
  request: IncomingMessage,
): object {
  const trace = traceOf(request);
  return { upstream, context, route, reason, revision, ...(trace === undefined ? {} : { trace }) };
}

function wordsFor({ side, late, refused }: Failure): string {
  if (refused) return 'the client’s request is refused half-way';
  return side === 'client'
    ? 'the client went away'
    : late
      ? 'the upstream is too slow'
      : 'the upstream failed';
}
