import { compileCanary, type Canary } from './canary.ts';
import { compileCohort } from './cohort-reader.ts';
import type { CohortConfig, Config } from './config.ts';
import type { Decision } from './decide.ts';
import type { Killed } from './kill.ts';
import { compileFollowed, type Followed } from './own-writes.ts';
import { overridesOf, type Overrides } from './pin.ts';
import { compileRetired, type Retired } from './retired.ts';
import { compileRoutes, type RouteTable } from './route-table.ts';
import { settle } from './settled.ts';
import type { ContextStages, Stages } from './stage.ts';
import { wroteCookiesOf, type WroteCookies } from './wrote-cookie.ts';

/** One context as the gateway needs it to decide. */
export interface ContextSnapshot {
  readonly name: string;
  readonly upstream: string;
  readonly cohort: CohortConfig | undefined;
  /** Whether the monolith answers reads whose extracted service fails. */
  readonly fallback: boolean;
  readonly stages: ContextStages;
  /** There while the reads are in canary. */
  readonly canary: Canary | undefined;
  readonly retired: Retired;
  /** How its reads follow its writes; undefined where they don't. */
  readonly followed: Followed | undefined;
  /** Set while this gateway has the context killed: above its stages and everything else that decides. */
  readonly killed: Killed | undefined;
}

/** All contexts at one revision. Never changed: a change is a new snapshot, put in force as a whole. */
export interface Snapshot {
  readonly generation: string;
  readonly revision: number;
  readonly monolith: string;
  readonly contexts: ReadonlyMap<string, ContextSnapshot>;
  /** Whether a decision may ask for the resolved client address. */
  readonly asksAddress: boolean;
  /** Whether answers to reads in canary must say `Cache-Control: private`. */
  readonly keepsPrivate: boolean;
  /** Whether a decision may depend on the time: pins expire, and so do JWTs that are verified. */
  readonly asksTime: boolean;
  /** Who may pin reads; undefined where nobody may. */
  readonly overrides: Overrides | undefined;
  /** The cookies that say that a client has just written; undefined where there are none. */
  readonly wroteCookies: WroteCookies | undefined;
  /** The places of the contexts whose reads follow writes (`afterWrite`). */
  readonly followed: readonly number[];
  /** Whether a request of a safe method may be a write to one of them. */
  readonly countsSafe: boolean;
  /** Whether a decision may depend on a lag (`maxLag`). */
  readonly asksLag: boolean;
  /** The same in the config's order: a match names its context's place, which costs less than looking for the name. */
  readonly inOrder: readonly ContextSnapshot[];
  readonly routes: RouteTable;
  /** What becomes of targets that may be a context's and may be something else. */
  readonly targets: Config['gateway']['targets'];
  /** Decisions made beforehand, at the places of their routes. */
  readonly settled: readonly (Decision | undefined)[];
  /** The decision on whatever no route matches. */
  readonly unmatched: Decision;
}

/**
 * Joins what `banyan.yaml` owns (routes, upstreams) with what the store owns (stages). A context that the store
 * doesn't have yet takes the config's first values; one that the config doesn't have is left out.
 */
export function compileSnapshot(config: Config, stages: Stages): Snapshot {
  const contexts = new Map<string, ContextSnapshot>();
  const seen = new Map<string, object>();
  const overrides = overridesOf(config);
  let asksAddress = false;
  const wroteCookies = wroteCookiesOf(config);
  let asksTime = overrides !== undefined || wroteCookies !== undefined;
  const followed: number[] = [];
  let asksLag = false;
  let countsSafe = false;
  for (const [place, [name, context]] of Object.entries(config.contexts).entries()) {
    const own = ownOf(stages.contexts, name) ?? firstStages(config, name);
    const canary = own.reads.stage === 'canary' ? compileCanary(compileCohort(context), own) : undefined;
    const follows = compileFollowed(config, name);
    if (follows?.for !== undefined) followed.push(place);
    countsSafe ||= follows?.countsSafe ?? false;
    asksLag ||= follows?.maxLag !== undefined;
    const reader = follows?.reader ?? canary?.reader;
    asksTime ||= reader?.key !== undefined;
    asksAddress ||= reader !== undefined && 'address' in reader.cohort;
    contexts.set(
      name,
      // What every decision looks at stands first, beside each other in memory.
      Object.freeze({
        stages: { ...own, reads: shared(seen, own.reads), writes: shared(seen, own.writes) },
        killed: undefined,
        upstream: context.upstream,
        name,
        cohort: context.cohort,
        fallback: context.fallback,
        canary,
        retired: compileRetired(context),
        followed: follows,
      }),
    );
  }
  return settle({
    generation: stages.generation,
    revision: stages.revision,
    monolith: config.monolith,
    contexts,
    inOrder: [...contexts.values()],
    routes: compileRoutes(config.contexts),
    asksAddress,
    keepsPrivate: config.gateway.cdn === 'private',
    asksTime,
    overrides,
    wroteCookies,
    followed,
    countsSafe,
    asksLag,
    targets: config.gateway.targets,
  });
}

/** Equal stages as one object: most contexts are in the same, and it is at hand then. */
function shared<T extends object>(seen: Map<string, object>, stage: T): T {
  const key = JSON.stringify(stage);
  const known = seen.get(key) as T | undefined;
  if (known === undefined) seen.set(key, stage);
  return known ?? stage;
}

/** A context's stages before the store has it: the config's first values, salted with the context's name. */
export function firstStages(config: Config, name: string): ContextStages {
  const context = ownOf(config.contexts, name);
  if (!context) throw new Error(`context '${name}' is not defined`);
  return { reads: context.reads, writes: context.writes, salt: name };
}

/** The record's own entry of this name: `constructor` and the like are none, though every object has them. */
export function ownOf<T>(record: Readonly<Record<string, T>>, name: string): T | undefined {
  return Object.hasOwn(record, name) ? record[name] : undefined;
}
