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
  let [states, steps] = [starving.states, starving.steps];
  for (const left of LIMITS) {
    const found = searchIn(
      { rules, left },
      { goal: settled, broken: 'stuck: an event that can never be settled' },
    );
    states += found.states;
    steps += found.steps;
    if (found.violation) return { ...found, states, steps };
  }
  return { states, steps };
}

/** More misfortunes; and a third take, by which a relay gets back what it had lost. */
const LIMITS: readonly State['left'][] = [
  { takes: 2, misfortunes: 2 },
  { takes: 3, misfortunes: 1 },
];

function searchIn(options: ModelOptions, mustBeReachable?: Parameters<typeof search<State>>[3]): Found {
  return search(initialState(options), (state) => stepsOf(state, options), identity, mustBeReachable);
}

/** Everything but the dead shard's events is in the stream. */
const others = ({ delivered }: State) =>
  EVENTS.every((name, event) => name.startsWith('x') || delivered[event] !== undefined);

const settled = ({ rows }: State) => rows.every((row) => row === 'settled');

/** The shortest way to what goes wrong, a step a line. */
export function toldAsSteps({ violation }: Found): string {
  if (!violation) return 'nothing goes wrong';
  return [...violation.trace.map((label, index) => `${index + 1}. ${label}`), `=> ${violation.broken}`].join(
    '\n',
  );
}
