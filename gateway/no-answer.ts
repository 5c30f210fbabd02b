import type { ServerResponse } from 'node:http';
import { breakOff, type Failure } from './forwarding/forwarder.ts';
import { plainBody } from './plain-answer.ts';
import type { Shed } from './protection/guard.ts';
import { answerAndClose } from './refusal.ts';

/** Why an upstream has no answer: the exchange broke, or it was never begun. */
export type Unanswered = { readonly failure: Failure } | { readonly shed: Shed };

/** The gateway's own answer when the upstream has none, where a client is there to read it. */
export function answerWithout(
  response: ServerResponse,
  why: Unanswered,
  added: readonly [string, string] | undefined,
): void {
  if (response.destroyed) return;
  if ('shed' in why) {
    response.setHeader('retry-after', why.shed.retryAfter);
    return plainly(response, 503, added);
  }
  const { side, phase, late, refused } = why.failure;
  if (refused) {
    if (response.headersSent) return breakOff(response);
    return answerAndClose(response.req, response, refused.status);
  }
  if (side === 'upstream' && phase !== 'body') plainly(response, late ? 504 : 502, added);
}

function plainly(
  response: ServerResponse,
  status: number,
  added: readonly [string, string] | undefined,
): void {
  const { req: request } = response;
  const body = plainBody(status);
  // A client that waits for its 100 may send the body all the same, or not.
  if (request.headers.expect !== undefined && !request.complete) response.setHeader('connection', 'close');
  if (added) response.setHeader(...added);
  response
    .writeHead(status, { 'content-type': 'text/plain; charset=utf-8', 'content-length': body.length })
    .end(request.method === 'HEAD' ? undefined : body);
}
