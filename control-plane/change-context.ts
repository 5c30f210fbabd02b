import { describeStage, isVerified, ownOf, sameStage, type Config } from '../contexts/index.ts';
import { describeInFlight, findInFlight, type PendingEvents } from './in-flight.ts';
import { Refusal, unknownContext } from './refusal.ts';
import { allowUndo, parseStages, stagesAfter, type AskedStages, type WritesConsent } from './stage-rules.ts';
import type { Change, ReadsAndWrites, SnapshotStore } from './store/snapshot-store.ts';
import { awaitTakeover, type Takeover } from './takeover.ts';

export interface ChangeDeps {
  readonly config: Config;
  readonly store: SnapshotStore;
  readonly pendingEvents?: PendingEvents | undefined;
}

export interface ChangeRequest extends WritesConsent {
  readonly context: string;
  /** Who asks; the audit names him. */
  readonly actor: string;
  /** Milliseconds to wait for the gateways. */
  readonly wait: number;
}

/** What a change came to, and which gateways have it in force. */
export interface ChangeResult extends Takeover {
  readonly context: string;
  readonly generation: string;
  readonly revision: number;
  readonly before: ReadsAndWrites;
  readonly after: ReadsAndWrites;
  readonly changed: boolean;
  /** `4 of 4 at revision 17`. */
  readonly summary: string;
}

/** Sets a context's stages by the rules, then waits for the gateways. Throws a Refusal, nothing changed then. */
export function setContext(
  deps: ChangeDeps,
  request: ChangeRequest & { readonly asked: AskedStages },
): Promise<ChangeResult> {
  const facts = factsOf(deps.config, request.context);
  const wanted = parseStages(facts, request.asked);
  return carryOut(deps, request, () =>
    deps.store.change(request.context, (current) => stagesAfter(facts, current, wanted, request), request),
  );
}

/** Takes a context's latest change back by the same rules, then waits for the gateways. */
export function undoContext(deps: ChangeDeps, request: ChangeRequest): Promise<ChangeResult> {
  const facts = factsOf(deps.config, request.context);
  return carryOut(deps, request, () =>
    deps.store.undo(
      request.context,
      (current, restored) => allowUndo(facts, current, restored, request),
      request,
    ),
  );
}

function factsOf(config: Config, name: string) {
  const context = ownOf(config.contexts, name);
  if (!context) throw unknownContext(name, Object.keys(config.contexts));
  const { cohort } = context;
  const unverified = cohort !== undefined && 'jwt' in cohort && !isVerified(cohort.jwt);
  return { name, hasCohort: cohort !== undefined, unverified };
}

async function carryOut(
  deps: ChangeDeps,
  request: ChangeRequest,
  commit: () => Promise<Change>,
): Promise<ChangeResult> {
  const change = await commit().catch(async (error: unknown) => {
    if (!(error instanceof Refusal) || error.kind !== 'writes-move') throw error;
    throw await withInFlight(deps, request.context, error);
  });
  const takeover = await awaitTakeover(deps.store, change, request.wait);
  const { committedAt: _, ...told } = change;
  const all = takeover.confirmed.length + takeover.missing.length;
  return {
    context: request.context,
    ...told,
    ...takeover,
    summary: `${takeover.confirmed.length} of ${all} at revision ${change.revision}`,
  };
}

async function withInFlight(deps: ChangeDeps, context: string, refusal: Refusal): Promise<Refusal> {
  const inFlight = await findInFlight(deps.store, deps.pendingEvents, context);
  return new Refusal(
    'writes-move',
    `${refusal.message}. In flight now: ${describeInFlight(inFlight)}. ` +
      'Stop the writes and let the events arrive first; or accept that some may be lost or applied out of order, with --unsafe and --reason "…"',
    { ...refusal.details, inFlight },
  );
}

/** `reads legacy → canary 25 %`, only what differs. */
export function describeChange(before: ReadsAndWrites, after: ReadsAndWrites): string {
  const parts = (['reads', 'writes'] as const)
    .filter((part) => !sameStage(before[part], after[part]))
    .map((part) => `${part} ${describeStage(before[part])} → ${describeStage(after[part])}`);
  return (
    parts.join(', ') ||
    `unchanged: reads ${describeStage(after.reads)}, writes ${describeStage(after.writes)}`
  );
}
