import { UsageError } from '../usage-error.ts';
import type { Selection } from './choose.ts';

/** From so many events on a redrive is a job: it outlives the terminal that asked for it. */
export const JOB_FROM = 1_000;

/**
 * From how many events on the relays do it: any with `--job`, none with `--no-job`. By itself many are only where the
 * configuration's own outbox is meant and has relays that run jobs. Events named by their ids are never.
 */
export function jobFrom({
  ids,
  job,
  runsJobs,
}: Pick<Selection, 'ids'> & {
  readonly job: boolean | undefined;
  /** Whether relays of this outbox run jobs, by the configuration. */
  readonly runsJobs: () => boolean;
}): number {
  if (job && ids.length > 0) throw new UsageError('--job goes with --all, --type or --key, not with ids');
  if (job !== undefined) return job ? 1 : Infinity;
  return ids.length === 0 && runsJobs() ? JOB_FROM : Infinity;
}
