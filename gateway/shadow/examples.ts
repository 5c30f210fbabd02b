import type { ShadowDifference, ShadowExample } from '../../contexts/index.ts';
import { REMOVED, shownText } from './redact.ts';

/** The last mismatches of a context, a few for each route. */
export interface Examples {
  add(route: string, example: ShadowExample): void;
  /** The latest first. */
  of(route: string): readonly ShadowExample[];
  /** Forgets all of them, and returns how many there were. */
  clear(): number;
}

const PER_ROUTE = 10;
const PER_CONTEXT = 200;

export function openExamples(): Examples {
  /** In the order of time. */
  let kept: { route: string; example: ShadowExample }[] = [];
  return {
    add(route, example) {
      kept.push({ route, example });
      const same = kept.filter((one) => one.route === route);
      const surplus = same.length > PER_ROUTE ? same[0] : kept.length > PER_CONTEXT ? kept[0] : undefined;
      if (surplus) kept = kept.filter((one) => one !== surplus);
    },
    of: (route) =>
      kept
        .filter((one) => one.route === route)
        .map(({ example }) => example)
        .toReversed(),
    clear() {
      const count = kept.length;
      kept = [];
      return count;
    },
  };
}

/** An example of one mismatch at this moment. */
export function exampleOf(
  method: string,
  target: string,
  differences: readonly ShadowDifference[],
): ShadowExample {
  return { at: new Date().toISOString(), method, target, differences };
}

/**
 * A target as an example shows it: without the query's values, and without the `:name`s of the route that are declared
 * personal. Where these can't be told apart from the rest, the route stands for the target.
 */
export function shownTarget(target: string, route: string, personal: readonly string[]): string {
  const [path, query] = target.split(/\?(.*)/s, 2) as [string, string | undefined];
  const segments = path.split('/');
  const pattern = route.slice(route.indexOf(' ') + 1).split('/');
  const hidden = pattern.flatMap((segment, index) => (personal.includes(segment) ? [index] : []));
  if (hidden.length > 0) {
    const plain = /^(?:\/(?!\.)[^/%]*)*$/.test(path);
    if (!plain) return pattern.join('/');
    for (const index of hidden) segments[index] = REMOVED;
  }
  const names = query
    ?.split('&')
    .map((pair) => (pair.includes('=') ? `${pair.slice(0, pair.indexOf('='))}=…` : '…'))
    .join('&');
  return shownText('target', segments.join('/')) + (names === undefined ? '' : `?${names.slice(0, 200)}`);
}
