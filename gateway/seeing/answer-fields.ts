import type { ServerResponse } from 'node:http';
import { changeHead } from '../amend-answer.ts';
import { FALLBACKS } from '../fallback.ts';
import { phasesOf, type Sighting } from './sighting.ts';

/** What answers say of themselves. */
export interface Told {
  /** `X-Banyan-Context`, `-Upstream`, `-Reason`, `-Revision`. */
  readonly fields: boolean;
  /** How long gateway and upstream took, in `Server-Timing`. */
  readonly timing: boolean;
}

/** Names that are the gateway's own then: an upstream's word on them would be taken for it. */
const OWN = new Set(['x-banyan-context', 'x-banyan-upstream', 'x-banyan-reason', 'x-banyan-revision']);

/** Adds to the answer's head, whoever gives it, as things stand when it is written. */
export function tellInAnswer(response: ServerResponse, sighting: Sighting, { fields, timing }: Told): void {
  changeHead(response, (_status, given) => {
    const head = fields ? [...without(given), ...ownFields(sighting)] : given;
    if (timing) head.push('Server-Timing', serverTiming(sighting));
    return head;
  });
}

function ownFields({ decision, attempts }: Sighting): string[] {
  const { context, reason, revision } = decision;
  const upstream = attempts.at(-1)?.upstream ?? (decision.upstream || undefined);
  return [
    ...(context === undefined ? [] : ['X-Banyan-Context', context]),
    ...(upstream === undefined ? [] : ['X-Banyan-Upstream', upstream]),
    ...['X-Banyan-Reason', inAscii(reason), 'X-Banyan-Revision', String(revision)],
  ];
}

/** `banyan;dur=0.4, upstream;dur=12.1`: until the request was on its way, and from there to the answer's head. */
function serverTiming(sighting: Sighting): string {
  const { decide, identify = 0, failed = 0, connect = 0, wait } = phasesOf(sighting, performance.now());
  const { fellBack } = sighting;
  const why = fellBack === undefined ? '' : `;desc="fallback: ${FALLBACKS[fellBack]}"`;
  const own = `banyan;dur=${(decide + identify + failed + connect).toFixed(1)}${why}`;
  return wait === undefined ? own : `${own}, upstream;dur=${wait.toFixed(1)}`;
}

/** A field takes ASCII (RFC 9110 §5.5): an arrow is `->`, anything else is percent-encoded. */
function inAscii(text: string): string {
  return text
    .replaceAll('→', '->')
    .replaceAll(/[^\x20-\x7e]+/g, (other) => encodeURIComponent(other.toWellFormed()));
}

function without(fields: readonly string[]): string[] {
  const kept: string[] = [];
  for (let index = 0; index < fields.length; index += 2)
    if (!OWN.has(fields[index]!.toLowerCase())) kept.push(fields[index]!, fields[index + 1]!);
  return kept;
}
