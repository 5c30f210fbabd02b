import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Config, Decision, Snapshot } from '../../contexts/index.ts';
import { cameSecurely, clientAddress, plainAddress, type Trust } from '../client-address.ts';
import type { Outcome } from '../forwarding/forwarder.ts';
import type { RefusedFacts } from '../refusal.ts';
import { openAccessLog, type WriteLine } from './access-log.ts';
import { tellInAnswer } from './answer-fields.ts';
import { bytesSince } from './bytes.ts';
import { seeAttempt, type Ending, type SeenAttempt, type Sighting } from './sighting.ts';
import type { Spans } from './spans.ts';
import { openTracing } from './tracing.ts';

/** Sees requests come and go, for the access log, traces and the answers' own fields. */
export interface Seeing {
  /** A request was decided. It is known by the request itself from here on: `sightingOf`. */
  begin(
    request: IncomingMessage,
    snapshot: Snapshot,
    decision: Decision,
    began: number,
    response?: ServerResponse,
  ): Sighting;
  /** The gateway answers without a decision. */
  own(request: IncomingMessage, response: ServerResponse): void;
  /** Its client had gone away before it was decided. */
  gone(request: IncomingMessage, snapshot: Snapshot, decision: Decision, began: number): void;
  /** It is about to be sent: the upstream is told of the trace, and the forwarder notes how it gets on. */
  attempt(sighting: Sighting, upstream: string): SeenAttempt;
  /** It is over. */
  over(sighting: Sighting, ending: Ending): void;
  /** A request was refused that may not have been decided on. */
  refused(facts: RefusedFacts, request: IncomingMessage | undefined): void;
}

export interface SeeingOptions {
  readonly trust: Trust;
  readonly writeLine: WriteLine;
  /** Undefined where spans go nowhere. */
  readonly spans: Spans | undefined;
}

const SIGHTING = Symbol('what is seen of a request');

interface SeenRequest extends IncomingMessage {
  [SIGHTING]?: Sighting;
}

/** Undefined where nobody looks. */
export function sightingOf(request: IncomingMessage): Sighting | undefined {
  return (request as SeenRequest)[SIGHTING];
}

/** The id of the trace that this request belongs to, where requests are traced. */
export function traceOf(request: IncomingMessage): string | undefined {
  return sightingOf(request)?.trace?.id;
}

/** Notes how one try ended. */
export function endAttempt(attempt: SeenAttempt, outcome: Outcome): void {
  attempt.ended = performance.now();
  if (outcome.ok) attempt.status = outcome.status;
  else attempt.failure = outcome.failure;
}

/** Undefined where the configuration asks for nothing of it: no request pays for it then. */
export function openSeeing(
  { gateway }: Pick<Config, 'gateway'>,
  { trust, writeLine, spans }: SeeingOptions,
): Seeing | undefined {
  const { accessLog: logged, tracing: traced, answerFields, serverTiming } = gateway;
  if (!logged && !traced && !answerFields && serverTiming !== 'full') return undefined;
  const log = logged && openAccessLog(logged, writeLine);
  const tracing = traced && openTracing(traced, trust);
  const told = { fields: answerFields, timing: serverTiming === 'full' };
  const seeing: Seeing = {
    begin(request, snapshot, decision, began, response) {
      const sighting: Sighting = {
        by: seeing,
        request,
        socket: request.socket,
        target: request.url!,
        host: request.headers.host,
        client: log || spans ? clientAddress(trust, request) : '',
        secure: cameSecurely(trust, request),
        snapshot,
        decision,
        trace: tracing?.begin(request),
        began,
        decided: performance.now(),
        attempts: [],
        fellBack: undefined,
        ended: false,
      };
      (request as SeenRequest)[SIGHTING] = sighting;
      if (response && (told.fields || told.timing)) tellInAnswer(response, sighting, told);
      return sighting;
    },
    own(request, response) {
      if (!log) return;
      const { method, headers, url: target, socket } = request;
      const client = clientAddress(trust, request);
      response.once('close', () => {
        const status = response.writableFinished ? response.statusCode : undefined;
        log.undecided({ method, target, host: headers.host, client, status, bytes: bytesSince(socket) });
      });
    },
    gone(request, snapshot, decision, began) {
      const failure = { side: 'client', phase: 'connect' } as const;
      seeing.over(seeing.begin(request, snapshot, decision, began), { status: undefined, failure });
    },
    attempt(sighting, upstream) {
      const { trace, request } = sighting;
      if (!trace) return seeAttempt(sighting, upstream);
      const span = spans && trace.flags & 1 ? tracing!.span() : undefined;
      tracing!.tell(request, trace, span ?? trace.span);
      return seeAttempt(sighting, upstream, span);
    },
    over(sighting, ending) {
      if (sighting.ended) return;
      sighting.ended = true;
      const over = performance.now();
      if (log) {
        const { client, socket } = sighting;
        const bytes = ending.limit && sighting.attempts.length === 0 ? undefined : bytesSince(socket);
        log.answered(sighting, { ...ending, client, over, bytes });
      }
      if (spans && sighting.trace && sighting.trace.flags & 1) spans.over(sighting, ending, over);
    },
    refused({ status, limit, client, line, method }, request) {
      const sighting = request && sightingOf(request);
      if (sighting) return seeing.over(sighting, { status, limit });
      // A connection that is closed without an answer, as after a TLS handshake that failed, was no request.
      if (!log || status === undefined) return;
      const [first, target] = line?.split(' ') ?? [];
      log.undecided({
        method: request?.method ?? method ?? first,
        target: request?.url ?? target,
        host: request?.headers.host,
        client: request ? clientAddress(trust, request) : plainAddress(client ?? 'unknown'),
        ...{ status, limit, side: 'client' },
      });
    },
  };
  return seeing;
}

/** The monolith around this gateway answers: how far it gets is seen at the end alone. */
export function seeOther(sighting: Sighting, upstream: string, response: ServerResponse): void {
  const attempt = seeAttempt(sighting, upstream);
  response.once('close', () => {
    attempt.ended = performance.now();
    sighting.by.over(sighting, { status: response.writableFinished ? response.statusCode : undefined });
  });
}

/** A WebSocket broke. */
export function seeBreak(request: IncomingMessage, failure: NonNullable<SeenAttempt['failure']>): void {
  const last = sightingOf(request)?.attempts.at(-1);
  if (last) last.failure = failure;
}

/** A WebSocket upgrade, whose connection tells when it is over. */
export function seeUpgrade(sighting: Sighting, socket: Socket): void {
  // Each try waits for its end as well.
  socket.setMaxListeners(0);
  socket.once('close', () => {
    const last = sighting.attempts.at(-1);
    if (last && (last.status !== undefined || last.failure?.phase === 'body')) last.ended = performance.now();
    const { status = last?.status, shed } = sighting;
    sighting.by.over(sighting, { status, shed, failure: last?.failure });
  });
}
