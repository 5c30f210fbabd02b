import { onTestFinished } from 'vitest';
import type { FirstStages, ReadsAndWrites, SnapshotStore } from '../../control-plane/store/snapshot-store.ts';

export const legacy: ReadsAndWrites = { reads: { stage: 'legacy' }, writes: { stage: 'legacy' } };
export const first: FirstStages = { inventory: legacy, orders: legacy };
export const canary = (percent: number) => (current: ReadsAndWrites) => ({
  ...current,
  reads: { stage: 'canary' as const, percent },
});
export const percentOf = (reads: ReadsAndWrites['reads'] | undefined) =>
  reads?.stage === 'canary' ? reads.percent : undefined;

/** A place that any number of stores can be opened on, as processes would. */
export interface Place {
  open(first: FirstStages): SnapshotStore;
  /** Loses everything in it. */
  empty(): Promise<void>;
  /** Puts it back to what `save` had kept. */
  save(): Promise<{ restore(): Promise<void> }>;
  /** Makes a gateway's last report so much (milliseconds) older. */
  backdate(gateway: string, by: number): Promise<void>;
}

/** A new place; what is opened on it is closed after the test. */
export async function openPlace(newPlace: () => Promise<Place>) {
  const found = await newPlace();
  const open = (stages: FirstStages = first) => {
    const store = found.open(stages);
    onTestFinished(() => store.close());
    return store;
  };
  return { ...found, open };
}
