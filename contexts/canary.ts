import type { KeyObject } from 'node:crypto';
import { networkOf } from './client-network.ts';
import { cohortOf, cohortPosition, describeCohort, tokenIn } from './cohort.ts';
import type { CohortConfig, ContextConfig } from './config.ts';
import type { RequestFacts } from './decide.ts';
import { publicKeyIn, verifiedClaim } from './jwt-claim.ts';
import { namesOf } from './retired.ts';
import type { ContextStages } from './stage.ts';

/** A context's canary as it is decided by. */
export interface Canary {
  readonly cohort: CohortConfig | undefined;
  readonly salt: string;
  /** `reads canary 25 %` */
  readonly stage: string;
  /** 0 to 1. */
  readonly share: number;
  readonly include: ReadonlySet<string> | undefined;
  readonly exclude: ReadonlySet<string> | undefined;
  /** Where the cohort is a parameter: for each route as written, which segment of the path it is. */
  readonly parameter: ReadonlyMap<string, number> | undefined;
  /** What a JWT must be signed with. */
  readonly publicKey: KeyObject | undefined;
  /** What was decided for the cohorts seen last: a cohort comes again and again, and its hash is not free. */
  readonly known: Map<string, CanaryVerdict>;
}

/** Cohorts whose verdict is remembered, and the longest name among them: a few MB for each context at most. */
const KNOWN = { cohorts: 10_000, length: 100 };

/** Undefined while the context's reads are not in canary. */
export function compileCanary(
  { cohort, routes }: Pick<ContextConfig, 'cohort' | 'routes'>,
  { reads, salt }: ContextStages,
): Canary | undefined {
  if (reads.stage !== 'canary') return undefined;
  const ofAddress = cohort !== undefined && 'address' in cohort;
  const listed = (list: readonly string[] = []) =>
    list.length === 0 ? undefined : new Set(list.map((entry) => (ofAddress && networkOf(entry)) || entry));
  return {
    cohort,
    salt,
    stage: `reads canary ${reads.percent} %`,
    share: reads.percent / 100,
    include: listed(reads.include),
    exclude: listed(reads.exclude),
    parameter:
      cohort && 'parameter' in cohort
        ? new Map(routes.map(({ match }) => [match, namesOf(match).get(cohort.parameter) ?? -1]))
        : undefined,
    publicKey:
      cohort && 'jwt' in cohort && cohort.jwt.publicKey !== undefined
        ? publicKeyIn(cohort.jwt.publicKey)
        : undefined,
    known: new Map(),
  };
}

export interface CanaryVerdict {
  readonly extracted: boolean;
  readonly reason: string;
  /** The request says nothing of who it is. */
  readonly nobody: boolean;
}

export function decideCanary(
  canary: Canary,
  facts: RequestFacts,
  route: string,
  path: string,
): CanaryVerdict {
  // An empty cookie or header names nobody; an empty cohort that is given doesn't either.
  const who = facts.cohort || cohortIn(canary, facts, route, path);
  if (who === undefined) {
    const where = canary.cohort ? `${describeCohort(canary.cohort)} missing` : 'none configured';
    return { extracted: false, reason: `${canary.stage}: no cohort (${where}) → monolith`, nobody: true };
  }
  const { known } = canary;
  let verdict = known.get(who);
  if (!verdict) {
    verdict = decideCohort(canary, who);
    if (known.size >= KNOWN.cohorts) known.clear();
    if (who.length <= KNOWN.length) known.set(who, verdict);
  }
  return verdict;
}

/**
 * Lists come before the percentage: who is excluded stays with the monolith, who is included is with the service,
 * whatever the percentage. The reason names nobody.
 */
function decideCohort({ stage, share, salt, include, exclude }: Canary, who: string): CanaryVerdict {
  if (exclude?.has(who))
    return { extracted: false, reason: `${stage}: cohort is excluded → monolith`, nobody: false };
  if (include?.has(who))
    return { extracted: true, reason: `${stage}: cohort is included → extracted`, nobody: false };
  const position = cohortPosition(salt, who);
  const shown = Math.floor(position * 10_000) / 10_000;
  return position < share
    ? { extracted: true, reason: `${stage}: cohort ${shown} < ${share} → extracted`, nobody: false }
    : { extracted: false, reason: `${stage}: cohort ${shown} >= ${share} → monolith`, nobody: false };
}

function cohortIn(
  { cohort, parameter, publicKey }: Canary,
  { headers = {}, address, now }: RequestFacts,
  route: string,
  path: string,
): string | undefined {
  if (cohort === undefined) return undefined;
  if (publicKey && 'jwt' in cohort) {
    const token = tokenIn(cohort.jwt, headers);
    return token === undefined || now === undefined
      ? undefined
      : verifiedClaim(token, cohort.jwt.claim, publicKey, now);
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
