import { Gauge, Registry } from 'prom-client';
import type { BackfillDue } from '../budget/stop-captures.ts';
import type { LagReport } from './lag-report.ts';

/**
 * The figures of `banyan lag` for Prometheus; what is unknown is NaN. `report` is asked at every scrape. Without captures
 * (`capturing` is false) it doesn't matter that nobody may look for stopped ones: nothing is shown of them then.
 */
export function lagMetrics(
  report: () => LagReport,
  { capturing }: { readonly capturing: boolean },
): Registry {
  const registry = new Registry();
  const gauge = (
    name: string,
    help: string,
    labelNames: string[],
    read: (report: LagReport) => { labels: Record<string, string>; value: number }[],
  ) =>
    new Gauge({
      name,
      help,
      labelNames,
      registers: [registry],
      collect() {
        this.reset();
        for (const { labels, value } of read(report())) this.set(labels, value);
      },
    });
  const perContext =
    (value: (figures: Figures) => number) =>
    ({ contexts, unassigned }: LagReport) => [
      ...contexts.map((figures) => ({ labels: { context: figures.name }, value: value(figures) })),
      { labels: { context: 'unassigned' }, value: value(unassigned) },
    ];
  gauge(
    'banyan_outbox_pending',
    'Events committed and not acknowledged',
    ['context'],
    perContext(({ pending }) => pending ?? Number.NaN),
  );
  gauge(
    'banyan_outbox_parked',
    'Events taken out of the way',
    ['context'],
    perContext(({ parked }) => parked ?? Number.NaN),
  );
  gauge(
    'banyan_outbox_lag_seconds',
    'Age of the oldest pending event, 0 without one',
    ['context'],
    perContext(({ pending, oldestAgeMs }) => (pending === 0 ? 0 : seconds(oldestAgeMs))),
  );
  gauge(
    'banyan_outbox_appended_per_second',
    'Events appended, over ten seconds',
    ['context'],
    perContext(({ rateIn }) => rateIn ?? Number.NaN),
  );
  gauge(
    'banyan_outbox_settled_per_second',
    'Events settled, over ten seconds',
    ['context'],
    perContext(({ rateOut }) => rateOut ?? Number.NaN),
  );
  gauge(
    'banyan_consumer_lag_seconds',
    "Lag of the context's consumer: what it reported last, and the time since",
    ['context', 'consumer'],
    ({ contexts }) =>
      contexts
        .filter(({ consumer }) => consumer !== null)
        .map(({ name, consumer, consumerLagMs }) => ({
          labels: { context: name, consumer: consumer! },
          value: seconds(consumerLagMs),
        })),
  );
  gauge(
    'banyan_heartbeat_age_seconds',
    'Age of the heartbeat that is furthest behind, through every bucket and shard up to the consumer',
    ['context', 'consumer'],
    ({ contexts }) =>
      contexts
        .filter(({ endToEndState }) => endToEndState !== 'none')
        .map(({ name, consumer, endToEndMs }) => ({
          labels: { context: name, consumer: consumer! },
          value: seconds(endToEndMs),
        })),
  );
  gauge(
    'banyan_outbox_backfill_due',
    'Captures that were stopped at the budget, and whose tables need a backfill',
    ['context'],
    ({ contexts, backfillDue }) => {
      if (backfillDue === null && !capturing) return [];
      const names = new Set(contexts.map(({ name }) => name));
      const ownerOf = ({ context }: BackfillDue) =>
        context !== null && names.has(context) ? context : 'unassigned';
      return [...names, 'unassigned'].map((context) => ({
        labels: { context },
        value: backfillDue?.filter((due) => ownerOf(due) === context).length ?? Number.NaN,
      }));
    },
  );
  gauge('banyan_relay_seen_seconds', "Time since a relay's last heartbeat", ['relay'], ({ relays }) =>
    relays.map(({ relay, seenAgoMs }) => ({ labels: { relay }, value: seconds(seenAgoMs) })),
  );
  gauge(
    'banyan_outbox_open_transaction_seconds',
    'Age of the oldest open transaction that holds events back, 0 without one',
    [],
    ({ openTransaction }) => [
      {
        labels: {},
        value: {
          none: () => 0,
          unknown: () => Number.NaN,
          open: () => ('ageMs' in openTransaction ? openTransaction.ageMs / 1_000 : 0),
        }[openTransaction.state](),
      },
    ],
  );
  return registry;
}

type Figures = LagReport['unassigned'] | LagReport['contexts'][number];

function seconds(milliseconds: number | null): number {
  return milliseconds === null ? Number.NaN : milliseconds / 1_000;
}
