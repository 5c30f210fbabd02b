import { Counter, Gauge, Registry } from 'prom-client';
import type { RefusalReason } from './publisher.ts';
import { STOPS, type Stop } from './watch-server.ts';

/** Classes of `banyan_relay_failed_total`: why a request was refused or failed, or a record in it. */
const FAILURES: readonly (RefusalReason | 'unknown' | 'internal')[] = [
  'throttled',
  'internal',
  'unknown',
  'unreachable',
  'denied',
  'missing',
  'invalid',
  'too-large',
];

export type RelayMetrics = ReturnType<typeof relayMetrics>;

/** What a relay shows on its ops port. `state` is asked at every scrape. */
export function relayMetrics(state: {
  /** The names of those that it sends to. */
  readonly streams: readonly string[];
  inFlight(): number;
  buckets(): number;
  unsettled(): number;
  rows(): number;
  /** Why nothing is sent from this server; undefined while it may be. */
  stopped(): Stop | undefined;
  pausedTypes(): Iterable<string>;
  /** By what the relay needs: whether it is there. */
  available(): Readonly<Record<string, boolean>>;
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
  new Gauge({
    name: 'banyan_relay_stopped',
    help: 'Whether nothing is sent (1) because the server is read-only, another one, or has lost commits',
    labelNames: ['why'],
    registers,
    collect() {
      const stopped = state.stopped();
      for (const why of STOPS) this.set({ why }, why === stopped ? 1 : 0);
    },
  });
  new Gauge({
    name: 'banyan_relay_available',
    help: 'Whether what the relay needs is there (1) or not (0): the database, the stream as its own, Kinesis',
    labelNames: ['what'],
    registers,
    collect() {
      for (const [what, there] of Object.entries(state.available())) this.set({ what }, there ? 1 : 0);
    },
  });
  new Gauge({
    name: 'banyan_relay_paused_types',
    help: 'Event types of which nothing is sent: 1 for each that is paused',
    labelNames: ['type'],
    registers,
    collect() {
      this.reset();
      for (const type of state.pausedTypes()) this.set({ type }, 1);
    },
  });
  const failed = new Counter({
    name: 'banyan_relay_failed_total',
    help: 'Records that were not acknowledged, by class and stream',
    labelNames: ['class', 'stream'],
    registers,
  });
  // For Prometheus a series that begins at 1 has not grown.
  for (const stream of state.streams) for (const name of FAILURES) failed.inc({ class: name, stream }, 0);
  const perStream = (name: string, help: string) => {
    const counter = new Counter({ name, help, labelNames: ['stream'], registers });
    for (const stream of state.streams) counter.inc({ stream }, 0);
    return counter;
  };
  const purgeOverdue = new Gauge({
    name: 'banyan_relay_purge_overdue_seconds',
    help: 'How much longer than the retention settled rows are there already; 0 if none is, NaN while unknown',
    registers,
  });
  purgeOverdue.set(Number.NaN);
  return {
    registry: registers[0]!,
    published: perStream('banyan_relay_published_total', 'Records that Kinesis acknowledged, by stream'),
    publishedEvents: perStream(
      'banyan_relay_published_events_total',
      "Events in the records that Kinesis acknowledged; more than records where a key's events are packed",
    ),
    silent: new Counter({
      name: 'banyan_relay_silent_total',
      help: 'Row changes settled without being sent, because their translation is nothing',
      registers,
    }),
    failed,
    retries: new Counter({ name: 'banyan_relay_retries_total', help: 'Records sent again', registers }),
    parked: new Counter({ name: 'banyan_relay_parked_total', help: 'Events parked', registers }),
    skipped: new Counter({
      name: 'banyan_relay_skipped_total',
      help: 'Poison events passed over by the policy of their type; their keys have gone on',
      registers,
    }),
    abandoned: new Counter({
      name: 'banyan_relay_abandoned_total',
      help: 'Events dealt with whose lease was lost before they were settled or parked; another relay deals with them',
      registers,
    }),
    overlaps: new Counter({
      name: 'banyan_relay_overlapping_appends_total',
      help: 'Events that became visible after a later one of their key was sent: appended by overlapping transactions',
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
