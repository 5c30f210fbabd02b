import { wait } from '../../runtime/wait.ts';
import { openOutbox, questions } from './outbox.ts';
import { startNullKinesis, untilTrue } from './processes.ts';
import type { Rig } from './rig.ts';

/** What a relay costs that has nothing to do. */
export interface Idle {
  /** Share of a core. */
  readonly cpu: number;
  /** Statements per second that the database gets from it. */
  readonly queries: number;
  /** Bytes in memory. */
  readonly rss: number;
}

/** Seconds that it runs before it is measured, at most; four times as long as it is measured then. */
const WARM_UP = 40;

export async function idle(rig: Rig, seconds: number): Promise<Idle> {
  const outbox = await openOutbox(rig.database);
  const kinesis = await startNullKinesis({ delay: 0, shards: 4, trace: false });
  const relay = await rig.relay({ outbox, endpoint: kinesis.url });
  try {
    await untilTrue(
      'the relay has all buckets',
      async () => (await outbox.leases()).reduce((a, b) => a + b, 0) === 64,
    );
    // Until its pauses have grown, and what starting it cost is over: what runs a few times a second is compiled over a minute.
    await wait(Math.min(WARM_UP, 4 * seconds) * 1_000);
    const before = { ...relay.usage(), queries: await questions(outbox.database), at: performance.now() };
    await wait(seconds * 1_000);
    const [{ cpu, rss }, queries] = [relay.usage(), await questions(outbox.database)];
    const took = (performance.now() - before.at) / 1_000;
    // The last look at the counter is ours.
    return { cpu: (cpu - before.cpu) / took, queries: (queries - before.queries - 1) / took, rss };
  } finally {
    await relay.stop();
    await kinesis.stop();
    await outbox.drop();
  }
}
