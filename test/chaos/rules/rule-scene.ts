import { append } from '../../../outbox/append.ts';
import { inTransaction, openDatabase } from '../../../runtime/database.ts';
import { wait } from '../../../runtime/wait.ts';
import { createDatabase } from '../../support/database.ts';
import { startKinesisProxy, type Call, type Fault } from '../../support/kinesis-proxy.ts';
import { kinesisClient } from '../../support/stream.ts';
import { until } from '../../support/until.ts';
import { bucketOf } from '../bucket-of.ts';
import type { Delivered, Numbered, Written } from '../history.ts';
import { startRelays, type ChaosRelay } from '../relays.ts';
import { startSamplers } from '../samplers.ts';
import { createStream, readHistory, type Senders } from '../stream.ts';
import { judge, type Verdict } from '../verdict.ts';
import { TYPE } from '../writers.ts';

/** Relays with a rule switched off (or none), a stream of two shards, and the checker to ask at any time. */
export interface RuleScene {
  readonly relays: readonly ChaosRelay[];
  /** Whether no rule is off. */
  readonly inForce: boolean;
  /** What goes wrong with each PutRecords from now on. */
  fault(decide: (call: Call) => Fault | undefined): void;
  /** Appends one event for each of these aggregates, in one transaction that commits when `before` has resolved. */
  append(aggregates: readonly string[], before?: () => Promise<void>): Promise<void>;
  /** How many of the aggregates' events aren't settled. */
  unsettled(aggregates: readonly string[]): Promise<number>;
  /** Waits until all of the aggregates' events are. */
  settled(aggregates: readonly string[]): Promise<void>;
  /** The names of the buckets' owners as the checker last saw them; undefined: none. */
  owners(): readonly (string | undefined)[];
  owner(aggregate: string): string | undefined;
  /**
   * Asks `found` about all that stands in the stream until it finds something. For so many milliseconds at most; unless given
   * for a minute where it must, and for as long as a relay needs for several looks where it must not.
   */
  harm(found: (verdict: Verdict) => string | undefined, patience?: number): Promise<string | undefined>;
}

export interface RuleServers {
  readonly database: string;
  readonly kinesis: string;
}

export interface RuleSceneOptions {
  readonly relays: number;
  /** Whether they pack a key's events into one record. */
  readonly packing?: boolean | undefined;
  /** The rule that is off in them. */
  readonly without?: number | undefined;
}

/** Milliseconds. Short, so that a scene is; what a busy machine makes a relay miss is made up for by the protocol. */
const [LEASE, REQUEST_TIMEOUT] = [1_500, 500];

export const keyOf = (aggregate: string): string => `thing:${aggregate}`;
export const carries = ({ records }: Call, aggregate: string): boolean =>
  records.some(({ key }) => key === keyOf(aggregate));

/** Opens it, has `play` play in it, and ends it. */
export async function inRuleScene<T>(
  servers: RuleServers,
  { relays: count, packing = false, without }: RuleSceneOptions,
  play: (scene: RuleScene) => Promise<T>,
): Promise<T> {
  const stops: (() => Promise<unknown> | void)[] = [];
  try {
    const url = await createDatabase(servers.database, 'outbox');
    const database = openDatabase(url);
    stops.push(() => database.end());
    stops.push(() => database.query(`DROP DATABASE ${url.slice(url.lastIndexOf('/') + 1)}`));
    const senders: Senders = new Map();
    const proxy = await startKinesisProxy(servers.kinesis, {
      forgetful: true,
      onTaken: ({ sequenceNumbers, sender, at }) =>
        sequenceNumbers.forEach((number) => senders.set(number, { sender, at })),
    });
    const client = kinesisClient(servers.kinesis);
    stops.push(proxy.stop, () => client.destroy());
    const stream = await createStream(client, 2);
    const relays = await startRelays({
      database: url,
      stream: stream.name,
      endpoint: proxy.url,
      lease: LEASE,
      requestTimeout: REQUEST_TIMEOUT,
      packing: Array.from({ length: count }, () => packing),
      without,
    });
    stops.push(relays.stop);
    const samplers = startSamplers(url);
    stops.push(samplers.stop);

    const journal: Written[] = [];
    const appended = new Map<string, number>();
    const numbered = (aggregate: string): Numbered => {
      const n = (appended.get(aggregate) ?? 0) + 1;
      appended.set(aggregate, n);
      return { key: keyOf(aggregate), n, id: `${aggregate}-${n}` };
    };
    async function verdict(): Promise<Verdict> {
      const delivered: Delivered[] = [];
      for await (const record of readHistory(stream, senders)) delivered.push(record);
      const { leases } = samplers;
      const counts = { partialFailures: 0, lostAnswers: 0, twoOfAKey: 0 };
      return judge({ journal, stream: delivered, leases, lag: [], ...counts });
    }
    const scene: RuleScene = {
      relays: relays.all,
      inForce: without === undefined,
      fault: (decide) => proxy.fault((call) => (call.operation === 'PutRecords' ? decide(call) : undefined)),
      async append(aggregates, before = async () => {}) {
        const events = aggregates.map(numbered);
        await inTransaction(database, async (connection) => {
          await append(
            (sql, values) => connection.query(sql, values),
            events.map(({ n, id }, index) => ({
              type: TYPE,
              aggregate: { type: 'thing', id: aggregates[index]! },
              data: { n },
              id,
            })),
          );
          await before();
        });
        journal.push({ outcome: 'committed', at: Date.now(), events });
      },
      async unsettled(aggregates) {
        const [rows] = await database.query(
          `SELECT COUNT(*) AS n FROM banyan_outbox WHERE partition_key IN (?) AND state <> 'settled'`,
          [aggregates.map(keyOf)],
        );
        return Number((rows as [{ n: number }])[0].n);
      },
      async settled(aggregates) {
        await until(`${aggregates[0]} is settled`, async () => (await scene.unsettled(aggregates)) === 0);
      },
      owners: () => samplers.leases.at(-1)?.leases.map(({ owner }) => owner ?? undefined) ?? [],
      owner: (aggregate) => scene.owners()[bucketOf(keyOf(aggregate))],
      async harm(found, patience = scene.inForce ? 500 : 60_000) {
        for (const end = Date.now() + patience; ; await wait(50)) {
          const harm = found(await verdict());
          if (harm !== undefined || Date.now() > end) return harm;
        }
      },
    };
    return await play(scene);
  } finally {
    for (const stop of stops.toReversed()) await stop();
  }
}
