import { networkOf } from './client-network.ts';
import { cohortIn, type CohortReader } from './cohort-reader.ts';
import { cohortPosition, describeCohort } from './cohort.ts';
import type { RequestFacts } from './decide.ts';
import type { ContextStages } from './stage.ts';

/** A context's canary as it is decided by. */
export interface Canary {
  /** Undefined where the context has no cohort: then nobody is in the canary. */
  readonly reader: CohortReader | undefined;
  readonly salt: string;
  /** `reads canary 25 %` */
  readonly stage: string;
  /** 0 to 1. */
  readonly share: number;
  readonly include: ReadonlySet<string> | undefined;
  readonly exclude: ReadonlySet<string> | undefined;
  /** What was decided for the cohorts seen last: a cohort comes again and again, and its hash is not free. */
  readonly known: Map<string, CanaryVerdict>;
}

/** Cohorts whose verdict is remembered, and the longest name among them: a few MB for each context at most. */
const KNOWN = { cohorts: 10_000, length: 100 };

/** Undefined while the context's reads are not in canary. */
export function compileCanary(
  reader: CohortReader | undefined,
  { reads, salt }: ContextStages,
): Canary | undefined {
  if (reads.stage !== 'canary') return undefined;
  const ofAddress = reader !== undefined && 'address' in reader.cohort;
  const listed = (list: readonly string[] = []) =>
    list.length === 0 ? undefined : new Set(list.map((entry) => (ofAddress && networkOf(entry)) || entry));
  return {
    reader,
    salt,
    stage: `reads canary ${reads.percent} %`,
    share: reads.percent / 100,
    include: listed(reads.include),
    exclude: listed(reads.exclude),
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
  const { reader } = canary;
  const who = facts.cohort || (reader && cohortIn(reader, facts, route, path));
  if (who === undefined) {
    const where = reader ? `${describeCohort(reader.cohort)} missing` : 'none configured';
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
