import { backfillSteps, describeBackfill, type LagReport } from '../control-plane/client.ts';

type BackfillDue = NonNullable<LagReport['backfillDue']>[number];

/** A capture that was stopped, and what to do about it, as lines. */
export function formatBackfill(due: BackfillDue): string[] {
  return [describeBackfill(due), ...backfillSteps(due).map((step, index) => `  ${index + 1}. ${step}`)];
}
