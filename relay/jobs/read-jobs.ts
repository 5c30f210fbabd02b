import { Queue, type Job } from 'bullmq';
import type { Database } from '../../runtime/database.ts';
import { wait } from '../../runtime/wait.ts';
import { JOBS, queueName, type JobName } from './job-queue.ts';
import type { Figures } from './run-job.ts';

/** A job of the outbox as its queue in Redis has it. Times are RFC 3339. */
export interface JobState {
  readonly id: string;
  readonly job: JobName;
  /** `never`: no relay with Redis has ever run for this outbox. `failing`: the last run failed. */
  readonly state: 'active' | 'waiting' | 'failing' | 'never';
  /** Of the run under way; null without one. */
  readonly progress: Figures | null;
  /** When the run under way began. */
  readonly since: string | null;
  /** Of the last run that ended: when, and what came of it or why it failed. */
  readonly last: {
    readonly at: string;
    readonly took: number;
    readonly result?: Figures;
    readonly failed?: string;
  } | null;
  readonly nextRun: string | null;
}

/** Redis, or the database that names the queues, gave no answer. */
export class JobsUnknown extends Error {}

const TIMEOUT = 5_000;

/** Reads the state of all jobs. Rejects with JobsUnknown when it can't be read within five seconds. */
export async function readJobs(place: {
  readonly database: Database;
  /** A Redis URL. */
  readonly redis: string;
}): Promise<JobState[]> {
  return withQueues(place, (queues) => Promise.all([...queues].map(([name, queue]) => stateOf(name, queue))));
}

async function stateOf(job: JobName, queue: Queue): Promise<JobState> {
  const [scheduler, [running], [completed], [failed]] = await Promise.all([
    queue.getJobScheduler(job),
    queue.getActive(0, 0) as Promise<Job[]>,
    queue.getCompleted(0, 0) as Promise<Job[]>,
    queue.getFailed(0, 0) as Promise<Job[]>,
  ]);
  const ended = [completed, failed]
    .filter((run) => run !== undefined)
    .toSorted((a, b) => (b.finishedOn ?? 0) - (a.finishedOn ?? 0))[0];
  const state = running
    ? 'active'
    : ended === failed && failed !== undefined
      ? 'failing'
      : scheduler === undefined
        ? 'never'
        : 'waiting';
  return {
    ...{ id: job, job, state },
    progress: running && typeof running.progress === 'object' ? (running.progress as Figures) : null,
    since: time(running?.processedOn),
    last:
      ended?.finishedOn === undefined
        ? null
        : {
            at: time(ended.finishedOn)!,
            took: ended.finishedOn - (ended.processedOn ?? ended.finishedOn),
            ...(ended === failed
              ? { failed: ended.failedReason ?? 'unknown' }
              : { result: (ended.returnvalue ?? {}) as Figures }),
          },
    nextRun: time(scheduler?.next),
  };
}

function time(at: number | undefined): string | null {
  return at === undefined ? null : new Date(at).toISOString();
}

/** Opens the queues for a look or an order, and closes them. */
export async function withQueues<T>(
  { database, redis }: { readonly database: Database; readonly redis: string },
  work: (queues: ReadonlyMap<JobName, Queue>) => Promise<T>,
): Promise<T> {
  const names = await namesOf(database);
  let why: (Error & { code?: string }) | undefined;
  const connection = {
    ...{ url: redis, maxRetriesPerRequest: null, connectTimeout: TIMEOUT },
    retryStrategy: (attempt: number) => (attempt > 3 ? null : 200),
  };
  const queues = new Map(
    names.map(([job, name]) => {
      const queue = new Queue(name, { connection });
      queue.on('error', (error) => (why ??= error));
      return [job, queue] as const;
    }),
  );
  const unreachable = (cause = why) => {
    const said =
      cause === undefined ? `it gave no answer for ${TIMEOUT / 1_000} s` : cause.message || cause.code;
    return new JobsUnknown(`unknown: redis can't be reached: ${said}`, { cause });
  };
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(unreachable()), TIMEOUT);
  });
  try {
    return await Promise.race([work(queues), late]).catch((error: Error) => {
      throw error instanceof JobsUnknown ? error : unreachable(error);
    });
  } finally {
    clearTimeout(timer);
    // With Redis away, BullMQ would wait for it to say goodbye.
    const gone = [...queues.values()].map((queue) => queue.disconnect().catch(() => {}));
    await Promise.race([Promise.all(gone), wait(500)]);
  }
}

/** One after the other: a pool that is closed with some under way would tell its own error. */
async function namesOf(database: Database): Promise<(readonly [JobName, string])[]> {
  const names: (readonly [JobName, string])[] = [];
  try {
    for (const job of JOBS) names.push([job, await queueName(database, job, TIMEOUT)]);
  } catch (cause) {
    const { message, code } = cause as Error & { code?: string };
    throw new JobsUnknown(
      `unknown: the database can't be reached, and it names the queues: ${message || code}`,
      { cause },
    );
  }
  return names;
}
