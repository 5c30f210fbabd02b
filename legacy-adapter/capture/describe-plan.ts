import { LOCK_WAIT } from './lock-wait.ts';
import type { CapturePlan } from './plan.ts';
import { capturedColumns } from './triggers.ts';

/** A plan as a person reads it: what it would do, what it costs, what stands in the way. */
export function describePlan(plan: CapturePlan): string {
  const { capture } = plan;
  const list = (items: readonly string[]) => items.map((item) => `  - ${item}`);
  const head = `capture '${capture.name}': table ${capture.table}, key ${capture.key}, columns ${capturedColumns(capture).join(', ')}`;
  const warnings = plan.warnings.length > 0 ? ['', 'Mind:', ...list(plan.warnings)] : [];
  const grants = [
    '',
    "Rights of the account that applies it (it becomes the definer; the monolith's own account needs none):",
    ...plan.grants.map((grant) => `  ${grant};`),
  ];
  if (plan.refusals.length > 0)
    return [head, '', "It can't be applied:", ...list(plan.refusals), ...warnings, ...grants, ''].join('\n');
  return [
    head,
    '',
    plan.applied
      ? 'It is applied already; `apply` would change nothing.'
      : `\`apply\` would ${plan.existing.length > 0 ? 'replace' : 'create'} three triggers:`,
    ...(plan.applied ? [] : plan.triggers.flatMap(({ sql }) => ['', `${sql};`])),
    '',
    'What it costs:',
    ...list([
      'each captured change writes one row of banyan_outbox in the transaction of the change, and rolls back with it',
      `\`apply\` locks ${capture.table} for writing for some milliseconds, and waits at most ${LOCK_WAIT} s for that`,
      `the table's rows (about ${plan.rows}) give events when they change, not before`,
      `one command takes it out: banyan capture drop ${capture.name}`,
    ]),
    ...warnings,
    ...grants,
    '',
  ].join('\n');
}
