import type { JsonPath, PathStep } from '../../contexts/index.ts';

/** A rule and where in a document it holds. */
export interface PathRule<T> {
  readonly path: JsonPath;
  readonly rule: T;
}

/** A place in a document, as the rules see it. */
export interface Place<T> {
  /** The rules that hold here, in the order in which they were given. */
  readonly rules: readonly T[];
  /** The rules that go on to members or entries of what stands here, and which: one of a `name`, an `index`, or `any`. */
  readonly ahead: readonly { readonly rule: T; readonly by: PathStep['selector']['kind'] }[];
  /** The place of this member or entry. */
  readonly step: (key: string | number) => Place<T>;
}

/**
 * The root of a document, as the rules see it. Places are made once: to go through a document of any size then costs
 * one look-up for each value, however many rules there are.
 */
export function compileRules<T>(rules: readonly PathRule<T>[]): Place<T> {
  const places = new Map<string, Place<T>>();

  /** `at` holds, for each rule still on its way, its number and how many steps it has made. */
  const placeOf = (at: readonly (readonly [rule: number, made: number])[]): Place<T> => {
    const key = at.map(([rule, made]) => `${rule}:${made}`).join(' ');
    const known = places.get(key);
    if (known) return known;
    const open = at.filter(([rule, made]) => made < rules[rule]!.path.length);
    const named = new Map<string | number, Place<T>>();
    const mentioned = new Set<string | number>();
    for (const [rule, made] of open) {
      const { selector } = rules[rule]!.path[made]!;
      if (selector.kind === 'name') mentioned.add(selector.name);
      if (selector.kind === 'index') mentioned.add(selector.index);
    }
    const go = (to: string | number | undefined): Place<T> =>
      placeOf(
        open.flatMap(([rule, made]) => {
          const step = rules[rule]!.path[made]!;
          return [
            ...(step.anyDepth ? [[rule, made] as const] : []),
            ...(leads(step, to) ? [[rule, made + 1] as const] : []),
          ];
        }),
      );
    let other: Place<T> | undefined;
    const place: Place<T> = {
      rules: [
        ...new Set(at.filter(([rule, made]) => made === rules[rule]!.path.length).map(([rule]) => rule)),
      ]
        .toSorted((a, b) => a - b)
        .map((rule) => rules[rule]!.rule),
      // A rule for any depth leads through every value of the document, and so says nothing of this one.
      ahead: open.flatMap(([rule, made]) => {
        const { anyDepth, selector } = rules[rule]!.path[made]!;
        return anyDepth ? [] : [{ rule: rules[rule]!.rule, by: selector.kind }];
      }),
      step(to) {
        if (open.length === 0) return nowhere;
        if (!mentioned.has(to)) return (other ??= go(undefined));
        let next = named.get(to);
        if (!next) named.set(to, (next = go(to)));
        return next;
      },
    };
    places.set(key, place);
    return place;
  };

  const nowhere: Place<T> = { rules: [], ahead: [], step: () => nowhere };
  return placeOf(rules.map((_, rule) => [rule, 0] as const));
}

/** Whether the step leads to this key; undefined is any key that no rule mentions. */
function leads({ selector }: PathStep, to: string | number | undefined): boolean {
  if (selector.kind === 'any') return true;
  return to !== undefined && (selector.kind === 'name' ? selector.name === to : selector.index === to);
}
