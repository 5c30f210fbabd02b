import {
  type ContextEvidence,
  type EventsEvidence,
  type FleetEvidence,
  type GatewayStatus,
  type Learned,
  type ShadowReport,
} from '../../contexts/index.ts';
import type { ListedContext } from '../../control-plane/client.ts';
import { missingOf } from '../fleet/missing.ts';
import { sumUp } from '../shadow/sum-up.ts';
import type { Readings } from './gather.ts';

/** The gateways that were reached. */
export function reachedOf({ gateways }: Readings): GatewayStatus[] {
  return gateways.flatMap((one) => ('status' in one ? [one.status] : []));
}

/** The names of all contexts that anybody has told of, as the configuration orders them. */
export function contextsOf(readings: Readings): string[] {
  const listed = 'known' in readings.contexts ? readings.contexts.known.contexts.map(({ name }) => name) : [];
  const told = reachedOf(readings).flatMap(({ contexts }) => contexts.map(({ context }) => context));
  return [...new Set([...listed, ...told])];
}

export function fleetEvidence(readings: Readings): FleetEvidence {
  const { gateways, register, contexts } = readings;
  const reached = reachedOf(readings);
  const names = reached.map(({ gateway }) => gateway);
  return {
    reached,
    unreached: gateways.flatMap((one) => ('problem' in one ? [one] : [])),
    unasked:
      'known' in register
        ? missingOf(
            register.known.map(({ gateway }) => gateway),
            names,
          )
        : [],
    register: 'unknown' in register ? register.unknown : undefined,
    stored: 'known' in contexts ? contexts.known : undefined,
  };
}

/**
 * What is known of one context. What is in force on the gateways counts before what the store says; undefined when neither
 * could be asked, or has none of this name.
 */
export function evidenceOf(readings: Readings, context: string): ContextEvidence | undefined {
  const fleet = fleetEvidence(readings);
  const reached = reachedOf(readings);
  const states = reached.flatMap(({ gateway, revision, contexts }) =>
    contexts.filter((one) => one.context === context).map((state) => ({ gateway, revision, state })),
  );
  const newest = states.toSorted((a, b) => b.revision - a.revision)[0]?.state;
  const listed =
    'known' in readings.contexts
      ? readings.contexts.known.contexts.find(({ name }) => name === context)
      : undefined;
  const inForce = newest ?? listed;
  if (!inForce) return undefined;
  const { reads, writes, thresholds, carriesEvents, canShadow, upstream } = inForce;
  return {
    ...{ context, reads, writes, thresholds, carriesEvents, canShadow, fleet, states },
    hasCohort: newest ? newest.hasCohort : listed!.cohort !== null,
    service: reached.flatMap(({ gateway, upstreams }) =>
      upstreams.filter((one) => one.upstream === upstream).map((state) => ({ gateway, state })),
    ),
    events: eventsOf(readings, context),
    shadow: shadowOf(readings, context),
    lastChange: lastChangeOf(readings, context, listed),
  };
}

/** Problems of other contexts' consumers, transactions that have not ended and stopped captures are no lag of this one. */
function eventsOf({ lag }: Readings, context: string): Learned<EventsEvidence> {
  if ('unknown' in lag) return lag;
  const found = lag.known.contexts.find(({ name }) => name === context);
  if (!found) return { unknown: `the admin API knows no context '${context}'` };
  const problems = lag.known.problems.filter(
    (problem) =>
      !/^(?:open transaction:|capture )/.test(problem) &&
      (!problem.startsWith('consumer ') || problem.includes(`of context '${context}'`)),
  );
  const { consumerLagMs, endToEndState, endToEndMs } = found;
  // The greater counts: what the consumer says, or how late a heartbeat is (the next one should have come by now).
  const late = endToEndMs === null ? 0 : endToEndMs - (lag.known.heartbeatMs ?? 0);
  const unknown = consumerLagMs === null || endToEndState === 'unknown';
  const greater = unknown ? null : Math.max(consumerLagMs, late);
  const backfillDue = lag.known.backfillDue?.filter((due) => due.context === context) ?? [];
  return { known: { ...found, consumerLagMs: greater, backfillDue, problems } };
}

function shadowOf({ shadow }: Readings, context: string): Learned<ShadowReport> {
  const known = sumUp(context, shadow);
  return known ? { known } : { unknown: 'no gateway was reached' };
}

/** Kills are no change of the stages. Without a change in what was asked for there is none, unless the list names one. */
function lastChangeOf(
  { audit }: Readings,
  context: string,
  listed: ListedContext | undefined,
): ContextEvidence['lastChange'] {
  if ('unknown' in audit) return audit;
  const entry = audit.known.find(
    (one) => one.context === context && one.action !== 'kill' && one.action !== 'release',
  );
  if (entry) return { known: entry };
  const older = listed?.lastChange;
  return { known: older ? { ...older, before: null, after: null } : undefined };
}
