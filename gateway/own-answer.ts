import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Decision, OwnAnswer } from '../contexts/index.ts';
import type { GatewayMetrics } from './metrics.ts';
import { sightingOf } from './seeing/seeing.ts';
import { plainAnswer, plainBody } from './plain-answer.ts';

/**
 * Answers a request for which no upstream is asked, and counts it under an empty upstream. A body that the client is
 * sending is read and thrown away; one that it still holds back is never asked for (RFC 9110 §10.1.1): Node says
 * `Connection: close` then.
 */
export function answerItself(
  metrics: GatewayMetrics,
  decision: Decision,
  { status, fields }: OwnAnswer,
  request: IncomingMessage,
  response: ServerResponse,
): void {
  const began = performance.now();
  const body = plainBody(status);
  response.once('close', () => {
    const seen = response.writableFinished ? status : undefined;
    metrics.answered(decision, '', seen, (performance.now() - began) / 1_000);
    const sighting = sightingOf(request);
    sighting?.by.over(sighting, { status: seen });
  });
  response
    .writeHead(status, {
      'content-type': 'text/plain; charset=utf-8',
      'content-length': body.length,
      ...fields,
    })
    .end(request.method === 'HEAD' ? undefined : body);
}

/** The same for an upgrade. */
export function answerUpgradeItself(
  metrics: GatewayMetrics,
  decision: Decision,
  { status, fields }: OwnAnswer,
  socket: Socket,
): void {
  metrics.answered(decision, '', status, 0);
  socket.end(plainAnswer(status, fields));
}
