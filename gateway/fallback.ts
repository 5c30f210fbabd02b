import type { IncomingMessage } from 'node:http';
import type { Decision, Snapshot } from '../contexts/index.ts';
import { hasBody } from './forwarding/forwarder.ts';
import type { Unanswered } from './no-answer.ts';

/** RFC 9110 §9.2.2: safe methods may be repeated. A write never is, nor what carries a body. */
export function mayRepeat({ kind }: Decision, request: IncomingMessage): boolean {
  const { method } = request;
  return (
    kind !== 'write' && (method === 'GET' || method === 'HEAD' || method === 'OPTIONS') && !hasBody(request)
  );
}

/**
 * A read whose extracted service fails before its answer has begun, or is left alone because it does, is answered by
 * the monolith, while that owns the context's writes and so has what there is to read. What is too much for the
 * service is not: the monolith would drown next.
 */
export function mayFallBack(
  snapshot: Snapshot,
  decision: Decision,
  request: IncomingMessage,
  unanswered: Unanswered,
): boolean {
  const failed =
    'shed' in unanswered
      ? unanswered.shed.cause !== 'concurrency'
      : unanswered.failure.side === 'upstream' && unanswered.failure.phase !== 'body';
  if (!failed || decision.kind !== 'read' || decision.upstream === snapshot.monolith) return false;
  if (!mayRepeat(decision, request)) return false;
  const context = snapshot.contexts.get(decision.context!);
  return context !== undefined && context.fallback && context.stages.writes.stage === 'legacy';
}

/** Why the monolith answers in its service's place, for people. */
export const FALLBACKS = {
  failed: 'failed',
  breaker: 'breaker open',
  health: 'unhealthy',
  concurrency: 'full',
  identity: 'identity unknown',
} as const;

/** `Server-Timing` (W3C) of an answer that the monolith gave instead, as a raw list. */
const TIMINGS = Object.fromEntries(
  Object.entries(FALLBACKS).map(([why, words]) => [
    why,
    ['Server-Timing', `banyan;desc="fallback: ${words}"`] as const,
  ]),
) as Record<keyof typeof FALLBACKS, readonly [string, string]>;

export function fallbackFields(unanswered: Unanswered): readonly [string, string] {
  return TIMINGS['shed' in unanswered ? unanswered.shed.cause : 'failed'];
}
