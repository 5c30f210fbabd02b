import { Queue, Worker } from 'bullmq';
import { backoff } from '../../runtime/backoff.ts';
import type { Database } from '../../runtime/database.ts';
import type { Log } from '../../runtime/log.ts';
import { wait } from '../../runtime/wait.ts';
import { queueName, type JobName } from './job-queue.ts';

/** How far a run is, and what came of it: named figures, as `banyan jobs` shows them. `done` of `total` where both are there. */
export type Figures = Readonly<Record<string, number | string | null>>;

/** What a run is given. It ends soon after `stop` aborts, and the next run goes on from what it left. */
export interface JobRun {
  readonly data: Readonly<Record<string, unknown>>;
  readonly stop: AbortSignal;
  progress(figures: Figures): Promise<void>;
}

export interface JobOptions {
  readonly name: JobName;
  /** Milliseconds between two runs. */
  readonly every: number;
  readonly database: Database;
  /** A Redis URL. */
  readonly redis: string;
  /** Told whether Redis is there. */
  readonly onRedis: { report(error?: unknown): void };
  readonly log: Log;
  perform(run: JobRun): Promise<Figures>;
}

/** A running job of this process. */
export interface RunningJob {
  /** Aborts a run that is under way, and leaves what it hasn't done to other relays. Waits for Redis two seconds at most. */
  stop(): Promise<void>;
}

/** Milliseconds between two looks whether the schedule is there. */
const SCHEDULED_EVERY = 15_000;

/**
 * Runs a job every so often, shared by all relays of the outbox: one of them has a run at a time. While Redis is away
 * the job waits, and nothing else does. A run whose relay is killed is taken up by another within ten seconds; what it
 * had done, the run sees from the database alone. A Redis that comes back empty is given the schedule again.
 */
export function runJob({ name, every, database, redis, onRedis, log, perform }: JobOptions): RunningJob {
  const stopping = new AbortController();
  let close: () => Promise<unknown> = () => Promise.resolve();

  async function start(): Promise<void> {
    let queueIs: string | undefined;
    for (let attempt = 0; queueIs === undefined && !stopping.signal.aborted; attempt++) {
      queueIs = await queueName(database, name).catch(() => undefined);
      if (queueIs === undefined) await wait(backoff(attempt, { base: 200, cap: 5_000 }), stopping.signal);
    }
    if (queueIs === undefined) return;
    const connection = {
      url: redis,
      maxRetriesPerRequest: null,
      retryStrategy: (attempt: number) => Math.min(100 * 2 ** Math.min(attempt, 5), 2_000),
    };
    const queue = new Queue(queueIs, { connection });
    const worker = new Worker(
      queueIs,
      (job) =>
        perform({
          data: job.data as JobRun['data'],
          stop: stopping.signal,
          progress: (figures) => job.updateProgress(figures),
        }),
      {
        connection,
        concurrency: 1,
        // A relay that is killed in the middle of a run lets another go on after this time.
        lockDuration: 5_000,
        stalledInterval: 5_000,
        maxStalledCount: 1_000_000,
        removeOnComplete: { count: 20 },
        removeOnFail: { count: 20 },
      },
    );
    queue.on('error', (error) => onRedis.report(error));
    worker.on('error', (error) => onRedis.report(error));
    worker.on('ready', () => onRedis.report());
    worker.on('failed', (_, error) =>
      log.warn({ err: error, job: name }, `job ${name} failed, the next run goes on: ${error.message}`),
    );
    close = async () => {
      // With Redis away BullMQ would wait for it to say goodbye.
      const patience = AbortSignal.timeout(2_000);
      await Promise.race([worker.close(), wait(2_000, patience)]);
      await Promise.race([Promise.all([worker.disconnect(), queue.disconnect()]), wait(500, patience)]);
    };
    await schedule(queue);
    void keepScheduled(queue);
  }

  async function schedule(queue: Queue): Promise<void> {
    await queue.setGlobalConcurrency(1);
    await queue.upsertJobScheduler(name, { every }, { name, data: {} });
  }

  /** While Redis is away a look waits for it. */
  async function keepScheduled(queue: Queue): Promise<void> {
    for (;;) {
      await wait(SCHEDULED_EVERY, stopping.signal);
      if (stopping.signal.aborted) return;
      try {
        if ((await queue.getJobScheduler(name)) === undefined) await schedule(queue);
      } catch (error) {
        if (!stopping.signal.aborted) onRedis.report(error);
      }
    }
  }
  const starting = start().catch((error: unknown) => onRedis.report(error));

  return {
    async stop() {
      stopping.abort();
      await Promise.race([starting, wait(100)]);
      await close();
    },
  };
}
