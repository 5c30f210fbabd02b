import { Gauge, Registry } from 'prom-client';
import type { LagReport } from './lag-report.ts';

/** The figures of `banyan lag` for Prometheus; what is unknown is NaN. `report` is asked at every scrape. */
export function lagMetrics(report: () => LagReport): Registry {
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
