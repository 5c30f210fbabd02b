import {
  EVENTS,
  RULES,
  identity,
  initialState,
  stepsOf,
  type ModelOptions,
  type Rule,
  type State,
} from './protocol.ts';
import { search, type Found } from './search.ts';

/** Looks through everything that can happen with all rules in force, or without one of them. */
export function explore(without?: Rule): Found {
  const rules = new Set(RULES.filter((rule) => rule !== without));
  const starving = searchIn(
    { rules, deadShard: true, left: { takes: 1, misfortunes: 0 } },
    {
      goal: others,
      broken: 'starved: y1 and y2, whose shard is well, because the shard of x1 takes nothing',
    },
  );
  if (starving.violation?.broken.startsWith('starved')) return starving;
  const whole = searchIn({ rules });
  return { ...whole, states: whole.states + starving.states, steps: whole.steps + starving.steps };
}

function searchIn(options: ModelOptions, mustBeReachable?: Parameters<typeof search<State>>[3]): Found {
  return search(initialState(options), (state) => stepsOf(state, options), identity, mustBeReachable);
}

/** Everything but the dead shard's events is in the stream. */
const others = ({ delivered }: State) =>
  EVENTS.every((name, event) => name.startsWith('x') || delivered[event] !== undefined);

/** The shortest way to what goes wrong, a step a line. */
export function toldAsSteps({ violation }: Found): string {
  if (!violation) return 'nothing goes wrong';
  return [...violation.trace.map((label, index) => `${index + 1}. ${label}`), `=> ${violation.broken}`].join(
    '\n',
  );
}
