import type { StandardIssue } from './standard-schema.ts';

/**
 * One mistake that a schema found in an event's data: where, and what it says. It stands with a parked event and in
 * logs, so where data at that place, below or around it is declared personal (paths as `personal` has them) the
 * validator's message, which may quote what it found, is left out: the rule that was broken stands there.
 */
export function describeIssue(issue: StandardIssue, personal: readonly string[]): string {
  const steps = (issue.path ?? []).map((step) => (typeof step === 'object' ? step.key : step));
  const places = personal.map((path) => path.split('.')).filter((place) => meet(place, steps));
  if (places.length === 0) return `data${at(steps)}: ${issue.message}`;
  // What stands below a personal place may be a name itself: a member of a map by mail addresses.
  const shown = steps.slice(0, Math.min(...places.map(({ length }) => length)));
  return `data${at(shown)}: ${ruleOf(issue)} (personal data: its value is not shown)`;
}

/** Whether one of the two places is the other, or within it. */
function meet(place: readonly string[], steps: readonly PropertyKey[]): boolean {
  return place.slice(0, steps.length).every((step, index) => step === '*' || step === String(steps[index]));
}

function at(steps: readonly PropertyKey[]): string {
  return steps.map((step) => (typeof step === 'number' ? `[${step}]` : `.${String(step)}`)).join('');
}

/** What validators say of the rule beside the message, as the schema has it: `invalid_format email`, `too_small 1`. */
const RULE = ['code', 'type', 'format', 'expected', 'minimum', 'maximum'];

function ruleOf(issue: StandardIssue): string {
  const fields = issue as unknown as Readonly<Record<string, unknown>>;
  const told = RULE.map((name) => fields[name]).filter(
    (value) => typeof value === 'number' || (typeof value === 'string' && value.length <= 100),
  );
  return told.length === 0 ? 'is not as its schema asks' : [...new Set(told)].join(' ');
}
