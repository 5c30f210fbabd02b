import type { ErrorRequestHandler, Response } from 'express';
import type { Log } from '../runtime/log.ts';
import { Refusal } from './refusal.ts';
import { StoreAway } from './store/snapshot-store.ts';

const STATUS_OF = {
  unknown: 404,
  invalid: 422,
  'writes-move': 409,
  'nothing-to-undo': 409,
  alive: 409,
} as const;
const TITLE_OF = {
  unknown: 'Not Found',
  invalid: 'Invalid Change',
  'writes-move': 'Moving Writes Refused',
  'nothing-to-undo': 'Nothing To Undo',
  alive: 'Gateway Alive',
} as const;

/** Answers with problem details (RFC 9457). */
export function sendProblem(
  response: Response,
  status: number,
  title: string,
  members: { readonly detail: string } & Readonly<Record<string, unknown>>,
): void {
  response
    .status(status)
    .type('application/problem+json')
    .send(JSON.stringify({ title, status, ...members }));
}

/** Turns what a handler threw into problem details; only what nobody foresaw is logged with its stack. */
export function problems(log: Log): ErrorRequestHandler {
  return (error: unknown, request, response, next) => {
    if (response.headersSent) return next(error);
    if (error instanceof Refusal) {
      sendProblem(response, STATUS_OF[error.kind], TITLE_OF[error.kind], {
        ...error.details,
        detail: error.message,
        kind: error.kind,
      });
    } else if (error instanceof StoreAway) {
      log.warn({ err: error, path: request.path }, 'the control store is away');
      sendProblem(response, 503, 'Control Store Away', { detail: error.message });
    } else if (isClientError(error)) {
      sendProblem(response, error.status, 'Bad Request', { detail: error.message });
    } else {
      log.error({ err: error, path: request.path }, 'a request of the admin API failed');
      sendProblem(response, 500, 'Internal Error', { detail: 'the log of the control plane says why' });
    }
  };
}

/** What body-parser and the router throw: JSON that isn't, a body too long, a path that can't be decoded. */
function isClientError(error: unknown): error is Error & { status: number } {
  const status = (error as { status?: unknown } | null)?.status;
  return error instanceof Error && typeof status === 'number' && status >= 400 && status < 500;
}
