import type { AccessField, AccessLogConfig } from '../../contexts/index.ts';
import { phasesOf, type Ending, type Phases, type Sighting } from './sighting.ts';
import type { Bytes } from './bytes.ts';
import { clientShown } from './client-shown.ts';
import { readTraceParent } from './trace.ts';

/** One line of the access log; what is undefined is left out. Names and meanings are in docs/seeing.md. */
export interface AccessLine {
  method: string | undefined;
  status: number | undefined;
  host?: string | undefined;
  path?: string | undefined;
  query?: string | undefined;
  client?: string | undefined;
  received?: number | undefined;
  sent?: number | undefined;
  context?: string | undefined;
  route?: string | undefined;
  kind?: string | undefined;
  stage?: string | undefined;
  upstream?: string | undefined;
  reason?: string | undefined;
  revision?: number | undefined;
  killed?: true | undefined;
  fallback?: string | undefined;
  shed?: string | undefined;
  tries?: number | undefined;
  side?: string | undefined;
  phase?: string | undefined;
  limit?: string | undefined;
  trace?: string | undefined;
  ms?: Partial<Phases> | undefined;
}

/** Longest text of a client's that a line shows, in characters: a line is to stay one that log stores take. */
const SHOWN = 2_048;

/** What a line is made of besides the request itself. */
export interface Ended extends Ending {
  readonly client: string;
  /** Undefined where the answer is still to come. */
  readonly bytes: Bytes | undefined;
  /** `performance.now()` when it was over. */
  readonly over: number;
}

export type Shown = Pick<AccessLogConfig, 'query' | 'client' | 'exclude'>;

/** The line about a request that was decided. */
export function accessLine(sighting: Sighting, ended: Ended, shown: Shown): AccessLine {
  const { request, target, decision, snapshot, attempts, trace } = sighting;
  const context = decision.context === undefined ? undefined : snapshot.contexts.get(decision.context);
  const line: AccessLine = {
    ...asked(request.method, target, ended.client, shown),
    status: ended.status,
    host: cut(sighting.host),
    received: ended.bytes?.received,
    sent: ended.bytes?.sent,
    context: decision.context,
    route: decision.route,
    kind: decision.kind,
    stage: context && context.stages[decision.kind === 'write' ? 'writes' : 'reads'].stage,
    upstream: attempts.at(-1)?.upstream ?? (decision.upstream || undefined),
    reason: cut(decision.reason),
    revision: decision.revision,
    killed: context?.killed ? true : undefined,
    fallback: sighting.fellBack,
    shed: ended.shed,
    tries: attempts.length > 1 ? attempts.length : undefined,
    side: ended.failure?.side,
    phase: ended.failure?.phase,
    limit: ended.limit,
    trace: trace?.id ?? traceOf(request.headers['traceparent'] as string | undefined),
    ms: rounded(phasesOf(sighting, ended.over)),
  };
  return without(line, shown.exclude);
}

/** What is known of a request that was not decided: it was refused before, or is the gateway's own. */
export interface Undecided {
  readonly method: string | undefined;
  readonly target: string | undefined;
  readonly host: string | undefined;
  readonly client: string;
  readonly status: number | undefined;
  readonly bytes?: Bytes | undefined;
  readonly side?: string | undefined;
  readonly limit?: string | undefined;
}

export function undecidedLine(
  { method, target, host, client, status, bytes, side, limit }: Undecided,
  shown: Shown,
): AccessLine {
  const line = { ...asked(method, target, client, shown), status, host: cut(host), ...bytes, side, limit };
  return without(line, shown.exclude);
}

function asked(
  method: string | undefined,
  target: string | undefined,
  client: string,
  shown: Shown,
): Pick<AccessLine, 'method' | 'path' | 'query' | 'client'> & { status: undefined } {
  const mark = target?.indexOf('?') ?? -1;
  return {
    method,
    status: undefined,
    path: cut(mark < 0 ? target : target!.slice(0, mark)),
    query: shown.query && mark >= 0 ? cut(target!.slice(mark + 1)) : undefined,
    client: clientShown(client, shown.client),
  };
}

/** As undefined, which isn't written: to take members away would cost more. */
function without(line: AccessLine, exclude: readonly AccessField[]): AccessLine {
  for (const field of exclude) line[field] = undefined;
  return line;
}

/** The client's own trace, where nobody here goes on with it. */
function traceOf(field: string | undefined): string | undefined {
  return field === undefined ? undefined : readTraceParent(field)?.id;
}

function cut(text: string | undefined): string | undefined {
  return text === undefined || text.length <= SHOWN ? text : `${text.slice(0, SHOWN)}…`;
}

/** To hundredths of a millisecond. */
function rounded(phases: Phases): Partial<Phases> {
  const { decide, identify, failed, connect, wait, body, total } = phases;
  return {
    decide: round(decide),
    identify: identify === undefined ? undefined : round(identify),
    failed: failed === undefined ? undefined : round(failed),
    connect: connect === undefined ? undefined : round(connect),
    wait: wait === undefined ? undefined : round(wait),
    body: body === undefined ? undefined : round(body),
    total: round(total),
  };
}

function round(milliseconds: number): number {
  return Math.round(milliseconds * 100) / 100;
}
