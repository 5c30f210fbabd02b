import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Log } from '../runtime/log.ts';
import { framingFault, type Fault } from './framing.ts';
import type { GatewayMetrics } from './metrics.ts';
import { plainAnswer, plainBody } from './plain-answer.ts';

/** What telling of a refusal needs. */
export interface Telling {
  readonly metrics: GatewayMetrics;
  readonly log: Log;
}

/** Logs and counts a request that no upstream gets to see. */
export function tellRefusal(
  { metrics, log }: Telling,
  facts: { status: number; [fact: string]: unknown },
): void {
  metrics.failed('', { side: 'client', phase: 'request' });
  log.warn({ side: 'client', phase: 'request', ...facts }, 'the client’s request is refused');
}

/** Answers a request that is not sound, and says whether it did. */
export function refuseRequest(telling: Telling, request: IncomingMessage, response: ServerResponse): boolean {
  const fault = framingFault(request);
  if (!fault) return false;
  tell(telling, request, fault);
  const body = plainBody(fault.status);
  response
    .writeHead(fault.status, {
      'content-type': 'text/plain; charset=utf-8',
      'content-length': body.length,
      connection: 'close',
    })
    .end(request.method === 'HEAD' ? undefined : body);
  return true;
}

/** The same for an upgrade. */
export function refuseUpgrade(telling: Telling, request: IncomingMessage, socket: Socket): boolean {
  const fault = framingFault(request);
  if (!fault) return false;
  tell(telling, request, fault);
  socket.end(plainAnswer(fault.status));
  return true;
}

function tell(telling: Telling, { method, socket }: IncomingMessage, { status, reason }: Fault): void {
  tellRefusal(telling, { status, method, client: socket.remoteAddress, reason });
}
