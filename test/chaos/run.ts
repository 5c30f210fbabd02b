import { join } from 'node:path';
import { startKinesis } from '../../demo/servers/kinesis.ts';
import { startRedis } from '../../demo/servers/redis.ts';
import { temporaryFolder } from '../../demo/servers/temporary-folder.ts';
import { openDatabase } from '../../runtime/database.ts';
import { wait } from '../../runtime/wait.ts';
import { createDatabase } from '../support/database.ts';
import { startKinesisProxy } from '../support/kinesis-proxy.ts';
import { kinesisClient } from '../support/stream.ts';
import { openChaosDatabase } from './chaos-database.ts';
import { drain } from './drain.ts';
import type { Delivered } from './history.ts';
import { inLanes } from './in-lanes.ts';
import { openJournal } from './journal.ts';
import { LEASE, REQUEST_TIMEOUT } from './limits.ts';
import { doDeed } from './nemeses/do-deed.ts';
import { ownersOf } from './owners.ts';
import { plan } from './plan.ts';
import { startRelays } from './relays.ts';
import { startSamplers } from './samplers.ts';
import { createStream, readHistory, type Senders } from './stream.ts';
import { judge, neverDone, tooKind, type Verdict } from './verdict.ts';
import { badWeather } from './weather.ts';
import type { World } from './world.ts';
import { createAggregates, startWriters } from './writers.ts';

export interface ChaosOptions {
  /** How long the writers write, and the nemeses act. */
  readonly minutes: number;
  /** How long at most, where too little has gone wrong by then to prove anything: on a busy machine. No longer unless given. */
  readonly atMost?: number;
  readonly seed: number;
  /** `mariadb`, `mysql`, the path of a server's program, or a URL. */
  readonly database: string;
  /** Events a second. */
  readonly rate: number;
  /** A rule that is off in the relays: then something must be found. */
  readonly without?: number | undefined;
  readonly say: (line: string) => void;
}

export interface ChaosReport extends Verdict {
  readonly seed: number;
  readonly minutes: number;
  readonly asked: Pick<ChaosOptions, 'database' | 'rate' | 'without'>;
  /** The version of the server. */
  readonly database: string;
  readonly deeds: Readonly<Record<string, number>>;
  /** How long the relays took to send what was left when the writers stopped, in milliseconds. */
  readonly drainedAfter: number;
  /** Events that were still pending when nothing moved any more. */
  readonly stuck: number;
  /** Events a second over the time in which they were written and sent. */
  readonly rate: number;
}

/** One run: everything is started, spoiled, drained, read and judged. */
export async function runChaos(options: ChaosOptions): Promise<ChaosReport> {
  const { minutes, atMost = minutes, seed, say } = options;
  const stops: (() => Promise<unknown> | void)[] = [];
  const opened = <T extends { stop(): Promise<void> }>(one: T): T => {
    stops.push(() => one.stop());
    return one;
  };
  try {
    const { deeds, packing } = plan(seed, atMost * 60_000);
    const server = opened(await openChaosDatabase(options.database, { durable: true }));
    const [redis, kinesis] = [opened(await startRedis()), opened(await startKinesis())];
    const folder = await temporaryFolder('banyan-chaos-');
    stops.push(() => folder.remove());
    const url = await createDatabase(server.url, 'outbox');
    const database = openDatabase(url, { connections: 30, connectTimeout: 2_000 });
    stops.push(() => database.end());
    await createAggregates(database);

    const weather = badWeather(seed, REQUEST_TIMEOUT);
    const senders: Senders = new Map();
    const proxy = opened(
      await startKinesisProxy(kinesis.url, {
        forgetful: true,
        onTaken(taken) {
          weather.taken(taken);
          const { sender, at } = taken;
          for (const number of taken.sequenceNumbers) senders.set(number, { sender, at });
        },
      }),
    );
    const client = kinesisClient(kinesis.url);
    stops.push(() => client.destroy());
    const stream = await createStream(client, 4);
    const relays = opened(
      await startRelays({
        database: url,
        stream: stream.name,
        endpoint: proxy.url,
        lease: LEASE,
        requestTimeout: REQUEST_TIMEOUT,
        redis: redis.url,
        retention: 20_000,
        purgeEvery: 5_000,
        packing,
        without: options.without,
      }),
    );
    const name = url.slice(url.lastIndexOf('/') + 1);
    const world: World = { server, name, relays, redis, proxy, stream, weather };
    say(`${server.version}, ${deeds.length} deeds planned for seed ${seed}; writing for ${minutes} minutes`);

    const samplers = startSamplers(url);
    proxy.fault((call) => weather.fault(call));
    const journal = openJournal(join(folder.path, 'journal'));
    const startedAt = Date.now();
    const writers = startWriters(database, { seed, rate: options.rate, journal });
    const end = new AbortController();
    const done = inLanes(deeds, end.signal, (deed) => doDeed(world, deed), say);
    const progress = setInterval(() => say(`${writers.events} events committed`), 30_000);
    await wait(minutes * 60_000);
    const enough = () =>
      tooKind({
        'times at which buckets changed hands': ownersOf(samplers.leases).takeOvers,
        'partial failures': weather.partialFailures,
        'lost answers': weather.lostAnswers,
      }).length === 0;
    while (Date.now() < startedAt + atMost * 60_000 && !enough()) await wait(500);
    const lasted = (Date.now() - startedAt) / 60_000;
    end.abort();
    const deedsDone = await done;
    clearInterval(progress);
    await writers.stop();
    weather.clear();
    const writtenAt = Date.now();
    say(`${writers.events} events committed, and nothing goes wrong any more; waiting for the relays`);
    const stuck = await drain(database);
    const drainedAt = Date.now();
    await samplers.stop();
    say(`drained after ${drainedAt - writtenAt} ms; reading the stream`);
    const delivered: Delivered[] = [];
    for await (const record of readHistory(stream, senders)) delivered.push(record);
    const verdict = judge({
      journal: journal.read(),
      stream: delivered,
      leases: samplers.leases,
      lag: samplers.lag,
      partialFailures: weather.partialFailures,
      lostAnswers: weather.lostAnswers,
      twoOfAKey: weather.twoOfAKey,
    });
    journal.close();
    return {
      seed,
      minutes: atMost > minutes ? Math.ceil(lasted * 10) / 10 : minutes,
      asked: { database: options.database, rate: options.rate, without: options.without },
      database: server.version,
      deeds: deedsDone.done,
      drainedAfter: drainedAt - writtenAt,
      stuck,
      rate: Math.round((verdict.committed / (drainedAt - startedAt)) * 1_000),
      ...verdict,
      void: [...verdict.void, ...neverDone(deedsDone)],
    };
  } finally {
    for (const stop of stops.toReversed()) await stop();
  }
}
