import { createHash } from 'node:crypto';
import { Queue, Worker, type Job } from 'bullmq';
import { BUCKETS } from '../../outbox/event.ts';
import { purgePage } from '../../outbox/purge.ts';
import { runStatement } from '../../outbox/run-statement.ts';
import { backoff } from '../../runtime/backoff.ts';
import type { Database } from '../../runtime/database.ts';
import type { Log } from '../../runtime/log.ts';
import { wait } from '../../runtime/wait.ts';
import { trackAvailability } from '../availability.ts';

/** Rows looked at by one statement. */
const PAGE = 500;
/** Pages of a bucket without a due row after which a run leaves the rest of the bucket to the next one. */
const MOST_IN_VAIN = 20;

/** Where the next run goes on in a bucket that a run has left, by bucket; kept in memory, because it only saves work. */
type Marks = Map<number, number | string>;

export interface PurgeProgress {
  /** Buckets looked through. */
  readonly buckets: number;
  readonly deleted: number;
}

/**
 * Purges settled rows older than `retention` milliseconds, every `every` milliseconds (default 60,000), as a BullMQ
 * job that all relays of the database share; one purges at a time. While Redis is away purging waits, and nothing
 * else does. A run that was cut off is taken up by the next: what is due is seen from the rows alone.
 */
export function startPurgeJob({
  database,
  redis,
  retention,
  every = 60_000,
  onPurged = () => {},
  log,
}: {
  database: Database;
  redis: string;
  retention: number;
  every?: number | undefined;
  /** Called with the number of rows of each page that were deleted by this process. */
  onPurged?: (rows: number) => void;
  log: Log;
}): { stop(): Promise<void> } {
  const availability = trackAvailability(log, 'redis (purging waits, publishing does not)');
  const stopping = new AbortController();
  const parts: PurgeParts = { database, retention, stop: stopping.signal, marks: new Map(), onPurged };
  let close: () => Promise<unknown> = () => Promise.resolve();

  async function start(): Promise<void> {
    let name: string | undefined;
    for (let attempt = 0; name === undefined && !stopping.signal.aborted; attempt++) {
      name = await queueName(database).catch(() => undefined);
      if (name === undefined) await wait(backoff(attempt, { base: 200, cap: 5_000 }), stopping.signal);
    }
    if (name === undefined) return;
    const connection = {
      url: redis,
      maxRetriesPerRequest: null,
      retryStrategy: (attempt: number) => Math.min(100 * 2 ** Math.min(attempt, 5), 2_000),
    };
    const queue = new Queue(name, { connection });
    const worker = new Worker(name, (job) => purge(job, parts), {
      connection,
      concurrency: 1,
      // A relay that is killed while purging lets another go on after this time.
      lockDuration: 5_000,
      stalledInterval: 5_000,
      maxStalledCount: 1_000_000,
      removeOnComplete: { count: 20 },
      removeOnFail: { count: 20 },
    });
    queue.on('error', (error) => availability.report(error));
    worker.on('error', (error) => availability.report(error));
    worker.on('ready', () => availability.report());
    worker.on('failed', (_, error) =>
      log.warn({ err: error }, `purging failed, the next run goes on: ${error.message}`),
    );
    close = async () => {
      // With Redis away BullMQ would wait for it to say goodbye.
      const patience = AbortSignal.timeout(2_000);
      await Promise.race([worker.close(), wait(2_000, patience)]);
      await Promise.race([Promise.all([worker.disconnect(), queue.disconnect()]), wait(500, patience)]);
    };
    await queue.setGlobalConcurrency(1);
    await queue.upsertJobScheduler('purge', { every }, { name: 'purge', data: { retention } });
  }
  const starting = start().catch((error: unknown) => availability.report(error));

  return {
    async stop() {
      stopping.abort();
      await Promise.race([starting, wait(100)]);
      await close();
    },
  };
}

interface PurgeParts {
  readonly database: Database;
  readonly retention: number;
  readonly stop: AbortSignal;
  readonly marks: Marks;
  readonly onPurged: (rows: number) => void;
}

/** Looks through all buckets in small pages, resting as long as it worked. Returns how many rows it deleted. */
async function purge(job: Job, { database, retention, stop, marks, onPurged }: PurgeParts) {
  let deleted = 0;
  for (let bucket = 0; bucket < BUCKETS; bucket++) {
    let after: number | string | undefined = marks.get(bucket) ?? 0;
    marks.delete(bucket);
    for (let inVain = 0; after !== undefined && inVain < MOST_IN_VAIN;) {
      if (stop.aborted) return { buckets: bucket, deleted };
      const began = performance.now();
      const page = await purgePage(database, { bucket, after, retention, size: PAGE });
      deleted += page.deleted;
      after = page.next;
      if (page.deleted > 0) {
        inVain = 0;
        onPurged(page.deleted);
        await job.updateProgress({ buckets: bucket, deleted } satisfies PurgeProgress);
      } else inVain += 1;
      if (page.deleted > 0 || after !== undefined) await wait(Math.max(5, performance.now() - began), stop);
    }
    if (after !== undefined) marks.set(bucket, after);
  }
  await job.updateProgress({ buckets: BUCKETS, deleted } satisfies PurgeProgress);
  return { buckets: BUCKETS, deleted };
}

/** One queue per outbox, so that several can share a Redis. */
export async function queueName(database: Database): Promise<string> {
  const { rows } = await runStatement<{ name: string }>(
    database,
    `SELECT CONCAT(@@hostname, ' ', @@port, ' ', DATABASE()) AS name`,
  );
  return `banyan-purge-${createHash('sha256')
    .update(rows[0]?.name ?? '')
    .digest('hex')
    .slice(0, 16)}`;
}
