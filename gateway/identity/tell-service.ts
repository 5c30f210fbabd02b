import { readName, type RouteEdits } from '../../contexts/index.ts';

/** Carries the token to the extracted service. A client's own never gets through: it is one of `X-Banyan-*`. */
export const IDENTITY_FIELD = 'X-Banyan-Identity';

/** Adds to a route's edits the token, if there is one, and takes the client's own identity fields away. */
export type TellService = (edits: RouteEdits | undefined, token: string | undefined) => RouteEdits;

export function tellService(strip: readonly string[]): TellService {
  const stripped = strip.map(readName);
  const names = new WeakMap<object, ReadonlySet<string>>();
  const alone: ReadonlySet<string> = new Set(stripped);
  /** Of the route's own and those stripped: the same for all of its requests. */
  const namesOf = (own: ReadonlySet<string> | undefined): ReadonlySet<string> => {
    if (own === undefined) return alone;
    let both = names.get(own);
    if (both === undefined) names.set(own, (both = new Set([...own, ...stripped])));
    return both;
  };
  return (edits, token) => {
    const set = edits?.request?.set ?? [];
    return {
      request: {
        set: token === undefined ? set : [...set, IDENTITY_FIELD, token],
        names: namesOf(edits?.request?.names),
      },
      response: edits?.response,
      back: edits?.back,
    };
  };
}
