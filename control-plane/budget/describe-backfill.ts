import type { BackfillDue } from './stop-captures.ts';

/** What a stopped capture means. */
export function describeBackfill({ capture, context, stoppedAt }: BackfillDue): string {
  const whose = context === null ? '' : ` of context '${context}'`;
  return `capture '${capture}'${whose} was stopped at ${stoppedAt.slice(0, 19)} UTC: its table needs a backfill`;
}

/** What is to be done about it, in this order. */
export function backfillSteps({ capture }: BackfillDue): string[] {
  return [
    `make room in the outbox (docs/handbook/BanyanOutboxBudget.md)`,
    `banyan capture apply ${capture}`,
    `backfill what was written to its table since; no event tells of it`,
    `DELETE FROM banyan_outbox_backfill_due WHERE capture = '${capture}'`,
  ];
}
