import { wait } from '../../runtime/wait.ts';
import type { Deed, PlannedDeed } from './plan.ts';

/** How often deeds of each kind were done, and how often one could not be. */
export interface Deeds {
  readonly done: Readonly<Record<string, number>>;
  readonly failed: Readonly<Record<string, number>>;
}

/**
 * Does each lane's deeds one after the other, with the pauses that are planned between them, until `end` aborts: where a relay takes
 * long to start, it is left as long to work. Resolves with how often each kind was done, and how often it could not be, which is told.
 */
export async function inLanes(
  planned: readonly PlannedDeed[],
  end: AbortSignal,
  act: (deed: Deed) => Promise<void>,
  say: (line: string) => void,
): Promise<Deeds> {
  const deeds: { done: Record<string, number>; failed: Record<string, number> } = { done: {}, failed: {} };
  const count = (counts: Record<string, number>, { kind }: Deed) => (counts[kind] = (counts[kind] ?? 0) + 1);
  const startedAt = Date.now();
  const lanes = Map.groupBy(planned, ({ lane }) => lane);
  await Promise.all(
    [...lanes.values()].map(async (lane) => {
      let behind = 0;
      for (const { at, takes, deed } of lane) {
        await wait(Math.max(0, startedAt + at + behind - Date.now()), end);
        if (end.aborted) break;
        try {
          await act(deed);
          count(deeds.done, deed);
        } catch (error) {
          count(deeds.failed, deed);
          say(`${deed.kind} could not be done: ${(error as Error).message}`);
        }
        behind = Math.max(behind, Date.now() - (startedAt + at + takes));
      }
    }),
  );
  return deeds;
}
