import type { IncomingMessage } from 'node:http';
import type { TracingConfig } from '../../contexts/index.ts';
import { peerOf, type Trust } from '../client-address.ts';
import { randomIds } from './random-ids.ts';
import { RANDOM, readTraceParent, SAMPLED, traceParent, type Trace } from './trace.ts';
import { readXray, XRAY_FIELD, xrayField } from './xray.ts';

/** Continues or begins the trace of each request. */
export interface Tracing {
  /** Once for each request, before anything is sent. */
  begin(request: IncomingMessage): Trace;
  /** Has the request say to its upstream who calls: this span. */
  tell(request: IncomingMessage, trace: Trace, span: string): void;
  /** The id for another span. */
  span(): string;
}

/**
 * A valid `traceparent` is continued, with its flags and its `tracestate`; without one, with `xray`, `X-Amzn-Trace-Id`
 * is. Else the trace begins here, and a `tracestate` that belongs to none is dropped (W3C Trace Context §4.3).
 */
export function openTracing(
  { sample, from, xray }: Pick<TracingConfig, 'sample' | 'from' | 'xray'>,
  trust: Trust,
): Tracing {
  const ids = randomIds();
  const chance = () => (sample === 1 || (sample > 0 && Math.random() < sample) ? SAMPLED : 0);
  return {
    span: ids.span,
    begin(request) {
      const { headers, socket } = request;
      const heard = from === 'anybody' || peerOf(trust, socket).trusted;
      const field = headers['traceparent'] as string | undefined;
      const known = heard && field !== undefined ? readTraceParent(field) : undefined;
      if (known) return { ...known, span: ids.span() };
      if (headers['tracestate'] !== undefined) remove(request, 'tracestate');
      const amazon = headers[XRAY_FIELD] as string | undefined;
      const other = heard && xray && amazon !== undefined ? readXray(amazon) : undefined;
      if (other) {
        const { id, parent, sampled } = other;
        return { id, parent, span: ids.span(), flags: sampled === undefined ? chance() : Number(sampled) };
      }
      const id = ids.trace(xray ? Math.floor(Date.now() / 1_000) : undefined);
      return { id, parent: undefined, span: ids.span(), flags: RANDOM | chance() };
    },
    tell(request, trace, span) {
      set(request.rawHeaders, 'traceparent', traceParent(trace, span));
      if (xray) set(request.rawHeaders, 'X-Amzn-Trace-Id', xrayField(trace, span));
    },
  };
}

/** In the place of the first field of this name, which is the only one then; else behind all others. */
function set(raw: string[], name: string, value: string): void {
  let found = false;
  for (let index = 0; index < raw.length; index += 2) {
    const own = raw[index]!;
    if (own.length !== name.length || own.toLowerCase() !== name.toLowerCase()) continue;
    if (found) {
      raw.splice(index, 2);
      index -= 2;
    } else raw[index + 1] = value;
    found = true;
  }
  if (!found) raw.push(name, value);
}

function remove({ headers, rawHeaders }: IncomingMessage, name: string): void {
  for (let index = rawHeaders.length - 2; index >= 0; index -= 2)
    if (rawHeaders[index]!.toLowerCase() === name) rawHeaders.splice(index, 2);
  delete headers[name];
}
