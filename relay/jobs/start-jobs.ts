import type { CompletenessReport } from '../../outbox/completeness/read-completeness.ts';
import type { Database } from '../../runtime/database.ts';
import type { Log } from '../../runtime/log.ts';
import { trackAvailability } from '../availability.ts';
import { auditJob } from './audit-job.ts';
import { lagHistoryJob, type LagContexts } from './lag-history-job.ts';
import { purgeJob } from './purge-job.ts';
import { redriveJob } from './redrive-job.ts';
import { replayJob } from './replay-job.ts';
import { runJob, type RunningJob } from './run-job.ts';

/** Milliseconds between two looks of the completeness audit. */
const AUDIT_EVERY = 60_000;

/** Milliseconds between two looks whether a replay or a redrive was asked for. */
const ASKED_EVERY = 5_000;

/** Milliseconds between two looks at the lag. The history has minutes: each is looked at three times. */
const LAG_EVERY = 20_000;

export interface JobsOptions {
  readonly database: Database;
  readonly redis: string;
  /** Milliseconds that settled rows are kept. */
  readonly retention: number;
  /** Milliseconds between two purges. Default 60,000. */
  readonly purgeEvery?: number | undefined;
  /** The contexts of the history of the lag; all events belong to none unless given. */
  readonly contexts?: LagContexts | undefined;
  /** Called with the number of rows of each page that were deleted by this process. */
  readonly onPurged?: (rows: number) => void;
  /** Called after each look of the completeness audit by this process. */
  readonly onAudit?: (report: CompletenessReport) => void;
  readonly log: Log;
}

/** Starts all jobs of an outbox in this process. */
export function startJobs({
  database,
  redis,
  retention,
  purgeEvery = 60_000,
  contexts = { names: [], of: () => undefined },
  onPurged = () => {},
  onAudit = () => {},
  log,
}: JobsOptions): RunningJob {
  const onRedis = trackAvailability(log, 'redis (jobs wait, publishing does not)');
  const shared = { database, redis, onRedis, log };
  const jobs = [
    runJob({
      ...shared,
      name: 'purge',
      every: purgeEvery,
      perform: purgeJob({ database, retention, onPurged }),
    }),
    runJob({
      ...shared,
      name: 'audit',
      every: AUDIT_EVERY,
      perform: auditJob({ database, retention, log, onAudit }),
    }),
    runJob({ ...shared, name: 'replay', every: ASKED_EVERY, perform: replayJob({ database }) }),
    runJob({ ...shared, name: 'redrive', every: ASKED_EVERY, perform: redriveJob({ database }) }),
    runJob({
      ...shared,
      name: 'lag-history',
      every: LAG_EVERY,
      perform: lagHistoryJob({ database, contexts }),
    }),
  ];
  return {
    async stop() {
      await Promise.all(jobs.map((job) => job.stop()));
    },
  };
}
