import type { ShadowDifference } from '../../contexts/index.ts';
import { OVERFLOW } from './compare-json.ts';

/** What differs between two answers of the monolith itself, per route. */
export interface Noise {
  /**
   * Takes one comparison in: where the extracted service's answer differs (`raw`), and where the monolith's second
   * answer does (`own`; undefined when it wasn't asked twice). Returns the differences that are no noise.
   */
  subtract(
    route: string,
    raw: readonly ShadowDifference[],
    own: readonly ShadowDifference[] | undefined,
  ): ShadowDifference[];
}

interface Seen {
  raw: number;
  own: number;
}

/** Places of one route that are counted. */
const MOST = 500;
/** Own differences at a place before it is noise in comparisons that it didn't show in. */
const FEWEST = 3;

/**
 * What differs in this very comparison between the monolith's two answers is noise in it. A place that has differed
 * between the two a few times is noise as long as it differs from the extracted service hardly more often: by at most
 * 20 % of both taken together, as in Diffy (relative threshold). A place that is noisy now and then and wrong always is
 * therefore no noise.
 */
export function openNoise(): Noise {
  const routes = new Map<string, Map<string, Seen>>();
  return {
    subtract(route, raw, own) {
      if (own === undefined && !routes.has(route)) return [...raw];
      let places = routes.get(route);
      if (!places) routes.set(route, (places = new Map<string, Seen>()));
      const now = new Set(own?.map(({ at }) => at));
      if (own) {
        for (const at of now) count(places, at, 'own');
        for (const { at } of raw) count(places, at, 'raw');
      }
      return raw.filter(({ at }) => at === OVERFLOW || (!now.has(at) && !isNoisy(places.get(at))));
    },
  };
}

function count(places: Map<string, Seen>, at: string, what: keyof Seen): void {
  let seen = places.get(at);
  if (!seen) {
    if (places.size >= MOST) return;
    places.set(at, (seen = { raw: 0, own: 0 }));
  }
  seen[what] += 1;
}

function isNoisy(seen: Seen | undefined): boolean {
  return seen !== undefined && seen.own >= FEWEST && (seen.raw - seen.own) / (seen.raw + seen.own) <= 0.2;
}
