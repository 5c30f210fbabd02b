import type { Aggregation } from '../../relay/next-record.ts';
import { inOrder, type Events } from './events.ts';
import { openOutbox, questions, type BenchOutbox } from './outbox.ts';
import { startLoop, startNullKinesis, untilTrue, type Script } from './processes.ts';
import type { Rig } from './rig.ts';

export type Who = 'banyan' | 'unordered' | 'serial';

/** A backlog that is to be sent, and by whom. */
export interface Backlog extends Events {
  readonly scenario: string;
  readonly who: Who;
  /** Relays that share the work; a loop is one. */
  readonly relays?: number;
  /** Milliseconds until Kinesis answers. */
  readonly delay?: number;
  /** `none`, the product's default, unless given. */
  readonly aggregation?: Aggregation;
  /** A new one unless given. */
  readonly outbox?: BenchOutbox;
}

/** One measurement. */
export interface Sample {
  readonly scenario: string;
  readonly who: Who;
  readonly relays: number;
  readonly events: number;
  /** From the commit to the last event's settling. */
  readonly seconds: number;
  /** Seconds of processor time of all relays, or of the loop. */
  readonly cpu: number;
  /** Statements that the server got meanwhile. */
  readonly queries: number;
  /** Bytes in memory at the end, of the largest. */
  readonly rss: number;
}

/** Part of the events that is sent before, while all that takes part compiles. */
const WARM_UP = 0.1;
/** Buckets of an outbox. */
const BUCKETS = 64;

/** Appends a backlog in one transaction, and measures from its commit until the last event is settled. */
export async function throughput(rig: Rig, backlog: Backlog): Promise<Sample> {
  const { scenario, who, relays = 1, delay = 0, aggregation = 'none', count, keys } = backlog;
  const outbox = backlog.outbox ?? (await openOutbox(rig.database));
  const kinesis = await startNullKinesis({ delay, shards: 4, trace: rig.check });
  const senders: Script[] = [];
  try {
    const send = await startSenders(rig, {
      who,
      relays,
      aggregation,
      outbox,
      endpoint: kinesis.url,
      senders,
    });
    const warm = { count: Math.ceil(count * WARM_UP), keys };
    const { first } = await send(warm).then(({ committed }) => committed);
    const used = () => senders.map((sender) => sender.usage());
    const cpuOf = (usages: ReturnType<typeof used>) => usages.reduce((sum, { cpu }) => sum + cpu, 0);
    let before = { cpu: cpuOf(used()), queries: await questions(outbox.database) };
    const { seconds } = await send({ count, keys }, async () => {
      before = { cpu: cpuOf(used()), queries: await questions(outbox.database) };
    });
    const queries = (await questions(outbox.database)) - before.queries;
    const after = used();
    if (rig.check && who === 'banyan')
      inOrder(await kinesis.seen(), { first, count: warm.count + count, keys });
    const rss = Math.max(...after.map((usage) => usage.rss));
    return { scenario, who, relays, events: count, seconds, cpu: cpuOf(after) - before.cpu, queries, rss };
  } finally {
    await Promise.all(senders.map((sender) => sender.stop()));
    await kinesis.stop();
    if (backlog.outbox === undefined) await outbox.drop();
  }
}

interface Senders {
  readonly who: Who;
  readonly relays: number;
  readonly aggregation: Aggregation;
  readonly outbox: BenchOutbox;
  readonly endpoint: string;
  /** Those that were started are added. */
  readonly senders: Script[];
}

/** Starts them; returns what appends events and resolves when they are dealt with. `ready` is called when all is written. */
async function startSenders(rig: Rig, { who, relays, aggregation, outbox, endpoint, senders }: Senders) {
  type Send = (
    events: Events,
    ready?: () => Promise<void>,
  ) => Promise<{ committed: Awaited<ReturnType<BenchOutbox['append']>>; seconds: number }>;
  if (who !== 'banyan') {
    const loop = await startLoop({ kind: who, database: outbox.url, endpoint });
    senders.push(loop);
    let all = 0;
    const send: Send = async (events, ready) => {
      all += events.count;
      const committed = await outbox.append(events, ready);
      return { committed, seconds: ((await loop.done(all)) - committed.here) / 1_000 };
    };
    return send;
  }
  for (let index = 1; index <= relays; index++)
    senders.push(await rig.relay({ outbox, endpoint, index, aggregation }));
  await untilTrue('each relay has its share', async () => {
    const owners = await outbox.leases();
    const spread = Math.max(...owners) - Math.min(...owners);
    return owners.length === relays && owners.reduce((a, b) => a + b) === BUCKETS && spread <= 1 + relays;
  });
  const send: Send = async (events, ready) => {
    const committed = await outbox.append(events, ready);
    rig.hint();
    return { committed, seconds: await outbox.settled(committed) };
  };
  return send;
}
