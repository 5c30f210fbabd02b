import { quantileOf, type Traffic } from '../../contexts/index.ts';
import type { Readings } from './gather.ts';
import type { JudgedContext, Overview } from './judge.ts';

/** `banyan status inventory --json`; docs/status.md tells of every field. */
export function contextJson(judged: JudgedContext, now: number): object {
  const { verdict, criteria, evidence, next } = judged;
  const { context, reads, writes, states, thresholds, lastChange } = evidence;
  const since = states.map(({ state }) => state.sinceMs);
  return {
    at: new Date(now).toISOString(),
    ...{ context, verdict, reads, writes },
    sinceMs: since.length > 0 ? Math.min(...since) : null,
    kills: states.flatMap(({ gateway, state }) => (state.kill ? [{ gateway, ...state.kill }] : [])),
    criteria: criteria.map(({ name, outcome, why, ...told }) => ({ name, outcome, why, ...told })),
    thresholds,
    next: { command: next.command ?? null, why: next.why, or: next.or ?? null },
    lastChange: 'unknown' in lastChange ? { unknown: lastChange.unknown } : (lastChange.known ?? null),
  };
}

/** `banyan status --json`. */
export function overviewJson(readings: Readings, { verdict, isItUs, monolith, contexts }: Overview): object {
  const { now, gateways, lag, audit } = readings;
  return {
    at: new Date(now).toISOString(),
    ...{ verdict, isItUs },
    monolith: { worse: monolith.worse ?? null, now: figures(monolith.now), before: figures(monolith.before) },
    gateways: gateways.map((one) => {
      if ('problem' in one) return one;
      const { gateway, generation, revision, startedAgoMs, missing, inFlight, eventLoop, upstreams } =
        one.status;
      return {
        ...{ ops: one.ops, gateway, generation, revision, startedAgoMs, missing, inFlight, eventLoop },
        upstreams: upstreams.map(({ now: own, before, ...state }) => ({
          ...state,
          ...{ now: figures(own), before: figures(before) },
        })),
      };
    }),
    lag: 'unknown' in lag ? { unknown: lag.unknown } : lag.known,
    lastChange: 'unknown' in audit ? { unknown: audit.unknown } : (audit.known[0] ?? null),
    contexts: contexts.map((judged) => contextJson(judged, now)),
  };
}

function figures({ forMs, requests, failed, aborted, buckets }: Traffic): object {
  const ms = (q: number) => {
    const value = quantileOf(buckets, q)?.value;
    return value === undefined ? null : Math.round(value * 1e6) / 1e3;
  };
  return { forMs, requests, failed, aborted, p50Ms: ms(0.5), p95Ms: ms(0.95), p99Ms: ms(0.99) };
}
