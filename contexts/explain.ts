import { decide, type Decision, type RequestFacts } from './decide.ts';
import type { Snapshot } from './snapshot.ts';

/** A decision whose targets are written out. */
export interface Explained extends Decision {
  readonly path: string;
  readonly shadow?: NonNullable<Decision['shadow']> & { readonly path: string };
}

/**
 * The same decision as the gateway's, for people to look at: the target stands there though it is the one received. Nobody
 * is asked who has written; a request that says so itself is believed.
 */
export function explain(snapshot: Snapshot, facts: RequestFacts): Explained {
  const { shadow, path = facts.target, asks: _asks, ...decision } = decide(snapshot, facts);
  return { ...decision, path, ...(shadow && { shadow: { ...shadow, path: shadow.path ?? facts.target } }) };
}
