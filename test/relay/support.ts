import { pino } from 'pino';
import { inject, onTestFinished } from 'vitest';
import { openAggregate } from '../../outbox/aggregated-record.ts';
import { append } from '../../outbox/append.ts';
import type { CloudEvent, NewEvent } from '../../outbox/event.ts';
import { startRelay, type Relay, type RelayOptions } from '../../relay/index.ts';
import { openDatabase, type Database } from '../../runtime/database.ts';
import { freshDatabase } from '../support/database.ts';
import { startKinesisProxy, type KinesisProxy, type ProxyOptions } from '../support/kinesis-proxy.ts';
import { freshStream, kinesisClient, readStream } from '../support/stream.ts';
import { until } from '../support/until.ts';

export interface Scene {
  readonly url: string;
  readonly database: Database;
  readonly stream: string;
  readonly proxy: KinesisProxy;
  /** Lines that the relays logged. */
  readonly logged: string[];
  relay(options?: Partial<RelayOptions>): Promise<Relay>;
  /** Appends events `{ n }` of the aggregate `thing:<id>`, one transaction each, in order. */
  append(...events: [id: string, n: number, type?: string][]): Promise<void>;
  /** The same in one statement. */
  appendAtOnce(events: readonly [id: string, n: number][]): Promise<void>;
  /** The events in the stream, per key in the stream's order, with their record's sequence number. */
  deliveries(): Promise<Delivery[]>;
  /** What stands in the stream, per key in order: the `n` of each event. */
  published(): Promise<Record<string, number[]>>;
  /** The same without what is there again: a relay that is impatient, on a busy machine, sends once more what was on its way. */
  firstDeliveries(): Promise<Record<string, number[]>>;
  /** Number of rows in each state. */
  states(): Promise<{ pending: number; settled: number; parked: number }>;
}

export interface Delivery {
  readonly key: string;
  readonly n: number;
  readonly sequenceNumber: string;
}

/** An outbox, a stream behind a fault proxy, and relays that wait long for an answer; everything ends with the test. */
export async function scene(url?: string, proxied: ProxyOptions = {}): Promise<Scene> {
  const databaseUrl = url ?? (await freshDatabase('outbox'));
  const database = openDatabase(databaseUrl, { connections: 20, connectTimeout: 2_000 });
  const proxy = await startKinesisProxy(inject('kinesis'), proxied);
  const stream = await freshStream(2);
  const client = kinesisClient();
  const logged: string[] = [];
  async function published(): Promise<Record<string, number[]>> {
    const found: Record<string, number[]> = {};
    for (const { key, n } of await deliveries()) (found[key] ??= []).push(n);
    return found;
  }
  async function deliveries(): Promise<Delivery[]> {
    return (await readStream(stream, client)).flatMap(({ PartitionKey, Data, SequenceNumber }) =>
      (openAggregate(Data!) ?? [Buffer.from(Data!)]).map((text) => {
        const { data } = JSON.parse(text.toString()) as CloudEvent<{ n: number }>;
        return { key: PartitionKey!, n: data.n, sequenceNumber: SequenceNumber! };
      }),
    );
  }
  onTestFinished(async () => {
    client.destroy();
    await proxy.stop();
    await database.end();
  });
  return {
    url: databaseUrl,
    database,
    stream,
    proxy,
    logged,
    async relay(options = {}) {
      const relay = await startRelay({
        database,
        stream: { name: stream, region: 'us-east-1', endpoint: proxy.url },
        name: 'relay',
        ...PATIENT,
        poll: 50,
        retention: 604_800_000,
        log: pino({}, { write: (line: string) => void logged.push(line) }),
        credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
        ...options,
      });
      let stopped: Promise<void> | undefined;
      const once = { ...relay, stop: () => (stopped ??= relay.stop()) };
      onTestFinished(() => once.stop());
      return once;
    },
    async append(...events) {
      for (const [id, n, type] of events)
        await append((sql, values) => database.query(sql, values), event(id, n, type));
    },
    async appendAtOnce(events) {
      await append(
        (sql, values) => database.query(sql, values),
        events.map(([id, n]) => event(id, n)),
      );
    },
    deliveries,
    published,
    async firstDeliveries() {
      return Object.fromEntries(
        Object.entries(await published()).map(([key, ns]) => [key, [...new Set(ns)]]),
      );
    },
    async states() {
      const [rows] = await database.query(
        'SELECT state, COUNT(*) AS count FROM banyan_outbox GROUP BY state',
      );
      const states = { pending: 0, settled: 0, parked: 0 };
      for (const { state, count } of rows as { state: keyof typeof states; count: number }[])
        states[state] = count;
      return states;
    },
  };
}

export function event(id: string, n: number, type = 'ThingHappened'): NewEvent<{ n: number }> {
  return { type, aggregate: { type: 'thing', id }, data: { n } };
}

/** A busy machine may well be silent for half a second: a test that wants each record once waits longer. */
const PATIENT = { requestTimeout: 5_000, lease: 10_000 };

/** For tests in which an answer never comes or a relay is gone, and which don't mind a record that is sent twice. */
export const IMPATIENT = { requestTimeout: 500, lease: 1_500 };

/** Waits until no row is pending. */
export async function drained({ states, logged }: Scene, timeout = 60_000): Promise<void> {
  await until('no row is pending', async () => (await states()).pending === 0, timeout).catch(
    (cause: unknown) => {
      throw new Error(`rows are still pending; the relays said:\n${logged.join('')}`, { cause });
    },
  );
}

export function numbers(count: number): number[] {
  return Array.from({ length: count }, (_, index) => index + 1);
}
