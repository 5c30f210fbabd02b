import { readRedrives, redrivePage, type Redrive } from '../../outbox/operator/redrives.ts';
import type { Database } from '../../runtime/database.ts';
import { wait } from '../../runtime/wait.ts';
import type { Figures, JobRun } from './run-job.ts';

/**
 * The job that makes parked events pending again, for one redrive after the other, in the order in which they were asked
 * for. It never sends: the owner of the bucket does. Writers come first: it rests as long as it worked.
 */
export function redriveJob({ database }: { readonly database: Database }): (run: JobRun) => Promise<Figures> {
  return async ({ stop, progress }) => {
    let redrives = 0;
    for (const asked of await readRedrives(database, true)) {
      for (let redrive: Redrive | undefined = asked; redrive !== undefined && !stop.aborted;) {
        const began = performance.now();
        const { redrive: name, done, held, total } = redrive;
        await progress({ redrive: name, done, total, held });
        redrive = await redrivePage(database, redrive);
        await wait(Math.max(5, performance.now() - began), stop);
      }
      if (stop.aborted) break;
      redrives += 1;
    }
    return { redrives };
  };
}
