import { appendAgain, countUnsettled } from '../../outbox/replay/append-again.ts';
import { idsOf, noteReplay, readReplays, type Replay } from '../../outbox/replay/replays.ts';
import type { Database } from '../../runtime/database.ts';
import { wait } from '../../runtime/wait.ts';
import type { Figures, JobRun } from './run-job.ts';

/** Milliseconds between two looks whether the last batch was sent. */
const LOOK = 100;

/**
 * The job that appends published events again, for one replay after the other, in the order in which they were asked for.
 * A batch waits until the one before it has been sent, so that little stands before a live event. It never sends:
 * the owner of the bucket does.
 */
export function replayJob({ database }: { readonly database: Database }): (run: JobRun) => Promise<Figures> {
  return async (run) => {
    let replays = 0;
    for (const replay of await readReplays(database, true)) {
      if (run.stop.aborted) break;
      await carryOut(database, replay, run);
      replays += 1;
    }
    return { replays };
  };
}

async function carryOut(database: Database, replay: Replay, { stop, progress }: JobRun): Promise<void> {
  const ids = await idsOf(database, replay.what);
  let { done, position } = replay;
  const note = async (state: 'active' | 'completed', why: string | null = null) => {
    await progress({ replay: replay.replay, done, total: replay.total, note: why });
    return noteReplay(database, replay.replay, { state, position, done, note: why });
  };
  if (ids && BigInt(position) < BigInt(ids.after)) position = ids.after;
  for (let next: string | undefined = ids === undefined ? undefined : position; next !== undefined;) {
    const began = performance.now();
    if (!(await sent(database, replay.replay, stop, (why) => note('active', why)))) return;
    const page = await appendAgain(database, replay, { after: next, last: ids!.last });
    next = page.next;
    position = next ?? ids!.last;
    done += page.passed;
    if (!(await note('active'))) return;
    const least = (page.passed / replay.what.rate) * 1_000;
    await wait(Math.max(5, least - (performance.now() - began)), stop);
    if (stop.aborted) return;
  }
  if (await sent(database, replay.replay, stop, (why) => note('active', why))) await note('completed');
}

/** Waits until all that was appended has been sent. False when it is to stop, or was cancelled. */
async function sent(
  database: Database,
  replay: string,
  stop: AbortSignal,
  tell: (why: string) => Promise<boolean>,
): Promise<boolean> {
  for (let pause = LOOK; !stop.aborted; pause = Math.min(2_000, pause * 1.5)) {
    const { pending, parked } = await countUnsettled(database, replay);
    if (pending === 0 && parked === 0) return true;
    const why =
      parked > 0
        ? `${parked} of its events are parked: see banyan parked`
        : `${pending} of its events are to be sent`;
    if (!(await tell(why))) return false;
    await wait(pause, stop);
  }
  return false;
}
