import { append } from '../../outbox/index.ts';
import { inTransaction } from '../../runtime/database.ts';
import { wait } from '../../runtime/wait.ts';
import { dataOf, inOrder, keyOf } from './events.ts';
import { openOutbox } from './outbox.ts';
import { startNullKinesis, untilTrue } from './processes.ts';
import type { Rig } from './rig.ts';

/** Milliseconds from just before a commit was sent to the acknowledgement of its event. */
export interface Latency {
  readonly p50: number;
  readonly p99: number;
  readonly max: number;
  readonly events: number;
  /** Events per second as they were really written. */
  readonly rate: number;
}

export interface Steady {
  /** Transactions per second, with one event each. */
  readonly rate: number;
  readonly seconds: number;
  readonly keys: number;
  /** Whether the writer hints after its commits. */
  readonly hints: boolean;
}

/** Writes events at a steady rate, each in a transaction of its own, and measures how long each takes to get through. */
export async function latency(rig: Rig, { rate, seconds, keys, hints }: Steady): Promise<Latency> {
  const outbox = await openOutbox(rig.database);
  const kinesis = await startNullKinesis({ delay: 0, shards: 4, trace: true });
  const relay = await rig.relay({ outbox, endpoint: kinesis.url });
  const committing = new Map<number, number>();
  const last = new Map<string, Promise<void>>();
  let due = 0;

  /** Those of one key one after another: its row would be locked. */
  function write(n: number): Promise<void> {
    const id = keyOf(n, { keys });
    const before = last.get(id) ?? Promise.resolve();
    const writing = before.then(async () => {
      await inTransaction(outbox.database, async (connection) => {
        const event = { type: 'OrderPlaced', aggregate: { type: 'order', id }, data: JSON.parse(dataOf(n)) };
        await append((sql, values) => connection.query(sql, values), event);
        committing.set(n, performance.timeOrigin + performance.now());
      });
      if (hints) rig.hint();
    });
    last.set(id, writing);
    return writing;
  }

  async function run(first: number, count: number): Promise<number> {
    const startedAt = performance.now();
    const writing: Promise<void>[] = [];
    for (let sent = 0; sent < count;) {
      const now = Math.min(count, ((performance.now() - startedAt) / 1_000) * rate);
      for (; sent < now; sent++) writing.push(write(first + sent));
      await wait(1);
    }
    await Promise.all(writing);
    const took = (performance.now() - startedAt) / 1_000;
    due += count;
    await untilTrue('all is acknowledged', async () => (await kinesis.count()) >= due);
    return count / took;
  }

  try {
    await untilTrue(
      'the relay has all buckets',
      async () => (await outbox.leases()).reduce((a, b) => a + b, 0) === 64,
    );
    const warm = rate;
    await run(1, warm);
    const count = rate * seconds;
    const written = await run(1 + warm, count);
    const seen = await kinesis.seen();
    inOrder(seen, { first: 1, count: warm + count, keys });
    const took = new Map<number, number>();
    for (const [, n, at] of seen) if (n > warm && !took.has(n)) took.set(n, at - committing.get(n)!);
    const sorted = [...took.values()].toSorted((a, b) => a - b);
    const at = (share: number) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))]!;
    return { p50: at(0.5), p99: at(0.99), max: at(1), events: count, rate: written };
  } finally {
    await relay.stop();
    await kinesis.stop();
    await outbox.drop();
  }
}
