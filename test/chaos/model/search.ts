/** One step that the model can take, in words. */
export interface Step<State> {
  readonly label: string;
  readonly next: State;
  /** What is broken by the step itself, in words. */
  readonly broken?: string | undefined;
}

export interface Found {
  /** Different states that were reached. */
  readonly states: number;
  readonly steps: number;
  /** The shortest way to something broken; undefined when nothing is. */
  readonly violation?: { readonly broken: string; readonly trace: readonly string[] };
}

/**
 * Takes every step from every state, nearest first, until something is broken or nothing new is found. So the first
 * violation is one of the shortest. `mustBeReachable` is then held from every state, where it is given: it names what
 * has gone wrong in a state from which no step leads to the goal any more.
 */
export function search<State>(
  initial: State,
  stepsOf: (state: State) => Step<State>[],
  identity: (state: State) => string,
  mustBeReachable?: { readonly goal: (state: State) => boolean; readonly broken: string },
): Found {
  const states: State[] = [initial];
  const from: { parent: number; label: string }[] = [{ parent: -1, label: '' }];
  const numbers = new Map([[identity(initial), 0]]);
  const back: number[][] = [[]];
  let steps = 0;
  const traceTo = (index: number) => {
    const trace: string[] = [];
    for (let at = index; at > 0; at = from[at]!.parent) trace.unshift(from[at]!.label);
    return trace;
  };
  for (let index = 0; index < states.length; index++) {
    for (const { label, next, broken } of stepsOf(states[index]!)) {
      steps += 1;
      if (broken !== undefined)
        return { states: states.length, steps, violation: { broken, trace: [...traceTo(index), label] } };
      const name = identity(next);
      let number = numbers.get(name);
      if (number === undefined) {
        number = states.length;
        numbers.set(name, number);
        states.push(next);
        from.push({ parent: index, label });
        back.push([]);
      }
      if (mustBeReachable) back[number]!.push(index);
    }
  }
  const stuck = mustBeReachable ? firstStuck(states, back, mustBeReachable.goal) : -1;
  return {
    states: states.length,
    steps,
    ...(stuck >= 0 && { violation: { broken: mustBeReachable!.broken, trace: traceTo(stuck) } }),
  };
}

/** The nearest state from which no goal can be reached; -1 when there is none. */
function firstStuck<State>(
  states: readonly State[],
  back: readonly (readonly number[])[],
  goal: (state: State) => boolean,
): number {
  const good = states.map(goal);
  const open = states.flatMap((_, index) => (good[index] ? [index] : []));
  for (let at = open.pop(); at !== undefined; at = open.pop()) {
    for (const before of back[at]!) {
      if (good[before]) continue;
      good[before] = true;
      open.push(before);
    }
  }
  return good.indexOf(false);
}
