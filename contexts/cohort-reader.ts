import type { KeyObject } from 'node:crypto';
import { cohortOf, tokenIn, type JwtConfig } from './cohort.ts';
import type { CohortConfig, ContextConfig } from './config.ts';
import type { RequestFacts } from './decide.ts';
import { publicKeyIn, secretIn, verifiedClaim } from './jwt-claim.ts';
import { namesOf } from './retired.ts';

/** How a context's cohort is found in a request. */
export interface CohortReader {
  readonly cohort: CohortConfig;
  /** Where the cohort is a parameter: for each route as written, which segment of the path it is. */
  readonly parameter: ReadonlyMap<string, number> | undefined;
  /** What a JWT must be signed with. */
  readonly key: KeyObject | undefined;
}

/** `elsewhere`: routes of others in which the context's parameter stands, too. */
export function compileCohort(
  { cohort, routes }: Pick<ContextConfig, 'cohort' | 'routes'>,
  elsewhere: readonly string[] = [],
): CohortReader | undefined {
  if (cohort === undefined) return undefined;
  const matches = [...routes.map(({ match }) => match), ...elsewhere];
  return {
    cohort,
    parameter:
      'parameter' in cohort
        ? new Map(matches.map((match) => [match, namesOf(match).get(cohort.parameter) ?? -1]))
        : undefined,
    key: 'jwt' in cohort ? keyOf(cohort.jwt) : undefined,
  };
}

const keyOf = ({ publicKey, secret }: JwtConfig) =>
  publicKey !== undefined ? publicKeyIn(publicKey) : secret === undefined ? undefined : secretIn(secret);

/** `route` is the one that the request matches, and `path` its path; empty for one of no route. */
export function cohortIn(
  { cohort, parameter, key }: CohortReader,
  { headers = {}, address, now }: RequestFacts,
  route: string,
  path: string,
): string | undefined {
  if (key && 'jwt' in cohort) {
    const token = tokenIn(cohort.jwt, headers);
    return token === undefined || now === undefined
      ? undefined
      : verifiedClaim(token, cohort.jwt.claim, key, now);
  }
  const value = parameter && decoded(path.slice(1).split('/')[parameter.get(route) ?? -1]);
  return cohortOf(cohort, headers, { address, parameter: value });
}

/** A segment as people write it in a list; where its escapes are no UTF-8, as it stands. */
function decoded(segment: string | undefined): string | undefined {
  if (segment === undefined || !segment.includes('%')) return segment;
  try {
    return decodeURIComponent(segment);
  } catch {
    return segment;
  }
}
