import type { IncomingMessage, ServerResponse } from 'node:http';
import { hasBody, REFUSED, type Refusal } from '../forwarding/forwarder.ts';
import { answerAndClose, tellRefusal, type Telling } from '../refusal.ts';

/**
 * Whether a request's body may have its length. One that says itself that it is too long is answered with 413 before
 * anybody has read of it; one that doesn't say is counted, and refused at the first byte too many.
 */
export function mayBring(
  telling: Telling,
  request: IncomingMessage,
  response: ServerResponse,
  maxBody: number,
): boolean {
  if (!hasBody(request)) return true;
  const { method, headers, socket } = request;
  const length = headers['content-length'];
  if (length === undefined) count(request, maxBody);
  if (length === undefined || Number(length) <= maxBody) return true;
  const refusal = tooLong(maxBody, `its body has ${length} bytes`);
  tellRefusal(telling, { ...refusal, method, client: socket.remoteAddress }, request);
  answerAndClose(request, response, refusal.status);
  return false;
}

function count(request: IncomingMessage, maxBody: number): void {
  let size = 0;
  const add = (chunk: Buffer) => {
    size += chunk.length;
    if (size <= maxBody) return;
    request.off('data', add);
    request.emit(REFUSED, tooLong(maxBody, 'its body is longer'));
  };
  request.on('data', add);
}

function tooLong(maxBody: number, found: string): Refusal {
  return { status: 413, limit: 'body-size', reason: `${found}; at most ${maxBody} are taken` };
}
