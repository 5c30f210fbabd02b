import { Counter, Gauge, Registry } from 'prom-client';

export type RelayMetrics = ReturnType<typeof relayMetrics>;

/** What a relay shows on its ops port. `state` is asked at every scrape. */
export function relayMetrics(state: {
  inFlight(): number;
  buckets(): number;
  unsettled(): number;
  rows(): number;
}) {
  const registers = [new Registry()];
  const gauge = (name: string, help: string, read: () => number) =>
    new Gauge({
      name,
      help,
      registers,
      collect() {
        this.set(read());
      },
    });
  gauge('banyan_relay_in_flight_records', 'Records sent and not answered yet', state.inFlight);
  gauge('banyan_relay_owned_buckets', 'Buckets whose lease this relay holds', state.buckets);
  gauge('banyan_relay_unsettled_events', 'Events acknowledged and not settled yet', state.unsettled);
  gauge('banyan_relay_window_events', 'Pending events in memory', state.rows);
  const purgeOverdue = new Gauge({
    name: 'banyan_relay_purge_overdue_seconds',
    help: 'How much longer than the retention settled rows are there already; 0 if none is, NaN while unknown',
    registers,
  });
  purgeOverdue.set(Number.NaN);
  return {
    registry: registers[0]!,
    published: new Counter({
      name: 'banyan_relay_published_total',
      help: 'Records that Kinesis acknowledged',
      registers,
    }),
    silent: new Counter({
      name: 'banyan_relay_silent_total',
      help: 'Row changes settled without being sent, because their translation is nothing',
      registers,
    }),
    failed: new Counter({
      name: 'banyan_relay_failed_total',
      help: 'Records that were not acknowledged, by class',
      labelNames: ['class'],
      registers,
    }),
    retries: new Counter({ name: 'banyan_relay_retries_total', help: 'Records sent again', registers }),
    parked: new Counter({ name: 'banyan_relay_parked_total', help: 'Events parked', registers }),
    abandoned: new Counter({
      name: 'banyan_relay_abandoned_total',
      help: 'Events dealt with whose lease was lost before they were settled or parked; another relay deals with them',
      registers,
    }),
    purgeOverdue,
    purged: new Counter({
      name: 'banyan_relay_purged_total',
      help: 'Settled rows deleted by this relay after their retention',
      registers,
    }),
    lastAcknowledgement: new Gauge({
      name: 'banyan_relay_last_acknowledgement_timestamp_seconds',
      help: 'When Kinesis last acknowledged a record, Unix time',
      registers,
    }),
  };
}
