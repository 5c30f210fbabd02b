import type { Config } from '../../contexts/index.ts';
import { sumLag, type TypeLag } from '../../outbox/lag.ts';
import type { ConsumerReading } from './consumer-reports.ts';
import { describeBackfill } from '../budget/describe-backfill.ts';
import { contextOf } from './context-of.ts';
import type { EndToEnd } from './end-to-end.ts';
import type {
  ConsumerFigures,
  ConsumerHolds,
  ContextLag,
  EndToEndFigures,
  LagReport,
  OutboxFigures,
} from './lag-report.ts';
import type { RateWatch } from './rates.ts';
import type { Reading } from './sampler.ts';
import type { Sample } from './sample.ts';

export interface LagSources {
  readonly config: Pick<Config, 'contexts' | 'captures' | 'relay'>;
  readonly outbox: Reading;
  readonly rates: Pick<RateWatch, 'rates' | 'types'>;
  /** By context, of those that have a consumer. */
  readonly consumer: (context: string) => ConsumerReading;
  readonly endToEnd: (context: string) => EndToEnd;
  /** This process' clock, in milliseconds since 1970. */
  readonly now: number;
}

/** Puts together what the operator reads. What isn't known is null and named among the problems, never zero. */
export function composeLag({ config, outbox, rates, consumer, endToEnd, now }: LagSources): LagReport {
  const { sample } = outbox;
  const owner = contextOf(config);
  const figures = (belongs: (type: string) => boolean): OutboxFigures => ({
    ...waiting(sample, belongs),
    rateIn: round(sample && rates.rates(belongs)?.rateIn),
    rateOut: round(sample && rates.rates(belongs)?.rateOut),
  });
  const consumerProblems: string[] = [];
  const contexts = Object.entries(config.contexts).map(([name, context]): ContextLag => {
    const outboxFigures = figures((type) => owner(type) === name);
    if (context.consumer === undefined)
      return {
        ...{ name, ...outboxFigures, consumer: null },
        ...{ consumerState: 'none', consumerLagMs: null, consumerSeenAgoMs: null },
        ...{ endToEndState: 'none', endToEndMs: null },
      };
    const { seenAgoMs, problem, held, ...reading } = consumer(name);
    const { problem: late, ...whole } = endToEnd(name);
    for (const one of [problem, late])
      if (one) consumerProblems.push(`consumer '${context.consumer}' of context '${name}': ${one}`);
    const { consumer: application } = context;
    return {
      name,
      ...outboxFigures,
      consumer: application,
      ...reading,
      consumerSeenAgoMs: seenAgoMs,
      ...(held === undefined ? {} : { consumerHeld: held }),
      ...whole,
    };
  });
  const types = new Set([...(sample?.types.map(({ type }) => type) ?? []), ...rates.types()]);
  return {
    at: new Date(sample?.databaseTime ?? now).toISOString(),
    contexts,
    total: { ...figures(() => true), ...greatest(contexts), ...allHeld(contexts), ...furthest(contexts) },
    heartbeatMs: config.relay.heartbeat === false ? null : config.relay.heartbeat,
    unassigned: {
      types: [...types].filter((type) => owner(type) === undefined).toSorted(),
      ...figures((type) => owner(type) === undefined),
    },
    openTransaction: sample?.openTransaction ?? { state: 'unknown', reason: 'the outbox can not be read' },
    backfillDue: sample && !('unknown' in sample.backfillDue) ? sample.backfillDue : null,
    relays: sample?.relays.map(({ relay, seenAgoMs }) => ({ relay, seenAgoMs })) ?? [],
    problems: [
      ...(outbox.problem === undefined ? [] : [outbox.problem]),
      ...(sample
        ? [
            ...relayProblems(sample, config.relay.lease),
            ...clockProblems(sample),
            ...searchProblems(sample.openTransaction),
            ...backfillProblems(sample, Object.keys(config.captures).length > 0),
          ]
        : []),
      ...consumerProblems,
    ],
  };
}

function waiting(
  sample: Sample | undefined,
  belongs: (type: string) => boolean,
): Omit<OutboxFigures, 'rateIn' | 'rateOut'> {
  if (!sample) return { pending: null, parked: null, oldestAgeMs: null, oldestParkedAgeMs: null };
  return sumLag(sample.types.filter(({ type }) => belongs(type)));
}

function greatest(contexts: readonly ContextLag[]): ConsumerFigures {
  const consumed = contexts.filter(({ consumerState }) => consumerState !== 'none');
  if (consumed.length === 0) return { consumerState: 'none', consumerLagMs: null };
  if (consumed.some(({ consumerState }) => consumerState === 'unknown'))
    return { consumerState: 'unknown', consumerLagMs: null };
  return {
    consumerState: 'known',
    consumerLagMs: Math.max(...consumed.map(({ consumerLagMs }) => consumerLagMs!)),
  };
}

/** Contexts may share a consumer, and an application holds what it holds once, whatever it reads. */
function allHeld(contexts: readonly ContextLag[]): ConsumerHolds {
  const told = new Map(
    contexts.flatMap(({ consumer, consumerHeld }) =>
      consumerHeld === undefined ? [] : [[consumer, consumerHeld] as const],
    ),
  );
  if (told.size === 0) return {};
  const all = [...told.values()];
  if (!all.every((held) => held !== null)) return { consumerHeld: null };
  const sum = (of: 'waiting' | 'parked') => all.reduce((one, held) => one + held[of], 0);
  const oldest = (of: 'oldestWaitingMs' | 'oldestParkedMs') => {
    const ages = all.map((held) => held[of]).filter((age) => age !== null);
    return ages.length === 0 ? null : Math.max(...ages);
  };
  return {
    consumerHeld: {
      ...{ waiting: sum('waiting'), oldestWaitingMs: oldest('oldestWaitingMs') },
      ...{ parked: sum('parked'), oldestParkedMs: oldest('oldestParkedMs') },
    },
  };
}

function furthest(contexts: readonly ContextLag[]): EndToEndFigures {
  const measured = contexts.filter(({ endToEndState }) => endToEndState !== 'none');
  if (measured.length === 0) return { endToEndState: 'none', endToEndMs: null };
  if (measured.some(({ endToEndState }) => endToEndState === 'unknown'))
    return { endToEndState: 'unknown', endToEndMs: null };
  return { endToEndState: 'known', endToEndMs: Math.max(...measured.map(({ endToEndMs }) => endToEndMs!)) };
}

/** A relay tells that it is there at every third of its lease. */
function relayProblems({ relays }: Sample, lease: number): string[] {
  const goneAfter = Math.max(5_000, lease / 2);
  if (relays.length === 0) return ['relay: none seen; start one with `banyan relay`'];
  const ages = relays.map(({ seenAgoMs }) => seenAgoMs).filter((age) => age !== null);
  const latest = Math.min(...ages);
  return [
    ...relays
      .filter(({ seenAgoMs }) => seenAgoMs === null)
      .map(({ relay }) => `relay: ${relay} was seen in the future; was the database's clock set back?`),
    ...(ages.length > 0 && latest > goneAfter
      ? [`relay: none seen for ${Math.round(latest / 1_000)} s`]
      : []),
  ];
}

function clockProblems({ types }: Sample): string[] {
  const odd = (type: TypeLag) =>
    (type.pending > 0 && type.oldestAgeMs === null) || (type.parked > 0 && type.oldestParkedAgeMs === null);
  return types
    .filter(odd)
    .map(
      ({ type }) =>
        `outbox: events of type '${type}' were appended in the future; was the database's clock set back?`,
    );
}

/** Nobody knows then how old the events will be that become visible next. */
function searchProblems(open: Sample['openTransaction']): string[] {
  if (open.state !== 'unknown') return [];
  return [`open transaction: unknown, ${open.reason}${open.missing ? `: ${open.missing}` : ''}`];
}

/** Without captures in the configuration it doesn't matter that nobody may look. */
function backfillProblems({ backfillDue }: Sample, capturing: boolean): string[] {
  if (!('unknown' in backfillDue))
    return backfillDue.map((due) => `${describeBackfill(due)} (\`banyan capture status\`)`);
  return capturing
    ? [`captures: nobody knows whether one was stopped at the budget: ${backfillDue.unknown}`]
    : [];
}

function round(rate: number | undefined): number | null {
  return rate === undefined ? null : Math.round(rate * 10) / 10;
}
