import { wait } from '../../runtime/wait.ts';
import type { Deed, PlannedDeed } from './plan.ts';

/**
 * Does each lane's deeds one after the other, with the pauses that are planned between them, until `end` aborts: where a relay takes
 * long to start, it is left as long to work. Resolves with how often each kind was done; one that could not be done is told.
 */
export async function inLanes(
  deeds: readonly PlannedDeed[],
  end: AbortSignal,
  act: (deed: Deed) => Promise<void>,
  say: (line: string) => void,
): Promise<Record<string, number>> {
  const counts: Record<string, number> = {};
  const startedAt = Date.now();
  const lanes = Map.groupBy(deeds, ({ lane }) => lane);
  await Promise.all(
    [...lanes.values()].map(async (lane) => {
      let behind = 0;
      for (const { at, takes, deed } of lane) {
        await wait(Math.max(0, startedAt + at + behind - Date.now()), end);
        if (end.aborted) break;
        try {
          await act(deed);
          counts[deed.kind] = (counts[deed.kind] ?? 0) + 1;
        } catch (error) {
          say(`${deed.kind} could not be done: ${(error as Error).message}`);
        }
        behind = Math.max(behind, Date.now() - (startedAt + at + takes));
      }
    }),
  );
  return counts;
}
