import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import type { Decision, Snapshot } from '../../contexts/index.ts';
import type { ExchangeTimes, Failure } from '../forwarding/forwarder.ts';
import type { Shed } from '../protection/guard.ts';
import type { Limit } from '../refusal.ts';
import type { Seeing } from './seeing.ts';
import type { Trace } from './trace.ts';

/** One request as it is seen: what its line in the access log, its spans and its answer's own fields are made of. */
export interface Sighting {
  /** Who sees it; the configuration may be another when it is over. */
  readonly by: Seeing;
  readonly request: IncomingMessage;
  /** The request's own: Node gives a socket away when it is upgraded. */
  readonly socket: Socket;
  /** The request target as it was received. */
  readonly target: string;
  readonly host: string | undefined;
  /** The resolved client address, where anybody asks for it. */
  readonly client: string;
  /** Whether the client came over TLS. */
  readonly secure: boolean;
  readonly snapshot: Snapshot;
  readonly decision: Decision;
  readonly trace: Trace | undefined;
  /** When its head had been read, and when it was decided, as `performance.now()` has it. */
  readonly began: number;
  readonly decided: number;
  /** When the monolith had said who is calling, where it was asked. */
  identified?: number | undefined;
  /** Each time that it was sent to an upstream, or should have been; the last one is whose answer the client got. */
  readonly attempts: SeenAttempt[];
  /** Why the monolith answers in its service's place. */
  fellBack: 'failed' | Shed['cause'] | undefined;
  /** What the gateway itself answered to an upgrade. */
  status?: number | undefined;
  /** Why an upgrade was not sent. */
  shed?: Shed['cause'] | undefined;
  ended: boolean;
}

/** One try to get an answer. */
export interface SeenAttempt extends ExchangeTimes {
  readonly upstream: string;
  readonly began: number;
  /** Of its span, where it has one of its own. */
  readonly span: string | undefined;
  /** The final status, where there was a head. */
  status: number | undefined;
  ended: number | undefined;
  failure: Pick<Failure, 'side' | 'phase' | 'cause'> | undefined;
}

/** How a request ended. */
export interface Ending {
  /** What the client got; undefined when it had gone. */
  readonly status: number | undefined;
  readonly failure?: Pick<Failure, 'side' | 'phase'> | undefined;
  /** Why it was not sent. */
  readonly shed?: Shed['cause'] | undefined;
  /** The limit that the client passed. */
  readonly limit?: Limit | undefined;
}

/** Begins another try; `span` where it is to have a span of its own. */
export function seeAttempt(sighting: Sighting, upstream: string, span?: string): SeenAttempt {
  const attempt: SeenAttempt = {
    upstream,
    began: performance.now(),
    span,
    ...{ sent: undefined, head: undefined, status: undefined, ended: undefined, failure: undefined },
  };
  sighting.attempts.push(attempt);
  return attempt;
}

/** How long each part took, in milliseconds. What there was nothing of is undefined. */
export interface Phases {
  /** From the request's head to where it goes. */
  readonly decide: number;
  /** Until the monolith had said who is calling. */
  readonly identify: number | undefined;
  /** What failed before: sent again, or another upstream's. */
  readonly failed: number | undefined;
  /** Until there was a connection. */
  readonly connect: number | undefined;
  /** From there to the answer's head; the request's body is sent meanwhile. */
  readonly wait: number | undefined;
  /** From there to the last byte of the answer. */
  readonly body: number | undefined;
  readonly total: number;
}

/** The parts of the whole from the request's head to `over`. */
export function phasesOf({ began, decided, identified, attempts }: Sighting, over: number): Phases {
  const last = attempts.at(-1);
  const sent = last?.sent;
  const head = last?.head;
  return {
    decide: decided - began,
    identify: identified === undefined ? undefined : identified - decided,
    failed: attempts.length > 1 ? last!.began - attempts[0]!.began : undefined,
    connect: last === undefined ? undefined : (sent ?? over) - last.began,
    wait: sent === undefined ? undefined : (head ?? over) - sent,
    body: head === undefined ? undefined : over - head,
    total: over - began,
  };
}
