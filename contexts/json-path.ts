/** What one step of a path goes to: a member of an object, an entry of an array, or each of them. */
export type PathSelector =
  | { readonly kind: 'name'; readonly name: string }
  | { readonly kind: 'index'; readonly index: number }
  | { readonly kind: 'any' };

export interface PathStep {
  readonly selector: PathSelector;
  /** `..`: at any depth below. */
  readonly anyDepth: boolean;
}

/** The steps from the root of a document. None: the document itself. */
export type JsonPath = readonly PathStep[];

const STEP =
  /(?<dots>\.\.?)(?<name>[A-Za-z_\u0080-\uffff][\w\u0080-\uffff]*|\*)|(?<deep>\.\.)?\[(?:(?<star>\*)|(?<index>0|[1-9]\d{0,8})|'(?<single>(?:[^'\\]|\\.)*)'|"(?<double>(?:[^"\\]|\\.)*)")\]/uy;

/**
 * Reads a path as `ignore`, `sets` and the like of a context's `shadow` take it: the part of JSONPath (RFC 9535) that
 * names places without looking at values: `$.a.b`, `$['a b']`, `$.items[0]`, `$.items[*].id`, `$.*`, `$..ts`. A name
 * alone is a member of that name at any depth: `ts` is `$..ts`. Filters, slices, negative indices and lists of
 * selectors are no part of it. Returns what is wrong instead.
 */
export function parseJsonPath(text: string): JsonPath | { readonly mistake: string } {
  if (text === '') return { mistake: 'it is empty' };
  if (text[0] !== '$') return [{ selector: { kind: 'name', name: text }, anyDepth: true }];
  const steps: PathStep[] = [];
  STEP.lastIndex = 1;
  while (STEP.lastIndex < text.length) {
    const from = STEP.lastIndex;
    const found = STEP.exec(text)?.groups;
    if (!found)
      return {
        mistake: `'${text.slice(from)}' is none of .name, ['name'], [0], [*], .*, ..name; filters, slices and lists are not possible here`,
      };
    const { dots, name, deep, star, index, single, double } = found;
    const quoted = single ?? double;
    const anyDepth = dots === '..' || deep !== undefined;
    if (quoted !== undefined)
      steps.push({
        selector: { kind: 'name', name: quoted.replaceAll(/\\(.)/gu, '$1') },
        anyDepth,
      });
    else if (index !== undefined) steps.push({ selector: { kind: 'index', index: Number(index) }, anyDepth });
    else if (star !== undefined || name === '*') steps.push({ selector: { kind: 'any' }, anyDepth });
    else steps.push({ selector: { kind: 'name', name: name! }, anyDepth });
  }
  return steps;
}
