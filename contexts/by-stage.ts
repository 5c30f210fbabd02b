import type { Decision } from './decide.ts';
import type { Match } from './match.ts';
import { retiredAnswer } from './retired.ts';
import type { ContextSnapshot, Snapshot } from './snapshot.ts';
import type { CanonicalTarget } from './target.ts';

/** What is known of a request once its route is: a match, or all of one that doesn't depend on the request. */
export type Routed = Pick<Match, 'context' | 'route' | 'kind' | 'maxBody' | 'edits'> & {
  /** The target for the extracted service; undefined where that is the one received. */
  readonly path?: string | undefined;
};

type Of = Pick<Snapshot, 'monolith' | 'revision'>;

export interface Verdict {
  readonly extracted: boolean;
  readonly reason: string;
}

/** A decision for one side or the other. The monolith gets the request as it came. */
export function decisionOf(of: Of, context: ContextSnapshot, routed: Routed, verdict: Verdict): Decision {
  const { extracted, reason } = verdict;
  const { context: name, route, kind, maxBody, edits, path } = routed;
  return {
    upstream: extracted ? context.upstream : of.monolith,
    context: name,
    route,
    kind,
    reason,
    revision: of.revision,
    path: extracted ? path : undefined,
    maxBody,
    edits: extracted ? edits : undefined,
  };
}

/**
 * What stands above pins and stages: a stage `retired`, which no kill brings back, and a kill. Undefined where neither says
 * anything; a redirect needs the `target`, and without it there is none.
 */
export function barred(
  { monolith, revision }: Of,
  context: ContextSnapshot,
  { context: name, route, kind, maxBody }: Routed,
  target: CanonicalTarget | undefined,
  note = '',
): Decision | undefined {
  const { stages, retired, killed } = context;
  const facts = { context: name, route, kind, revision };
  const { stage } = kind === 'write' ? stages.writes : stages.reads;
  if (stage === 'retired') {
    const answer = retiredAnswer(retired, kind, route, target);
    if (answer === undefined) return undefined;
    const how = `${answer.fields['location'] === undefined ? '' : 'redirect '}${answer.status}`;
    return { upstream: '', ...facts, reason: `${kind}s retired${note} → ${how}`, answer };
  }
  if (!killed) return undefined;
  if (kind === 'read') return { upstream: monolith, ...facts, reason: `${killed.reads}${note}`, maxBody };
  const { writes } = killed;
  return writes && { upstream: '', ...facts, reason: `${writes.reason}${note}`, answer: writes.answer };
}

/** What the stage alone says; undefined in canary, which asks who it is. */
export function staged(of: Of, context: ContextSnapshot, routed: Routed): Decision | undefined {
  const { reads, writes } = context.stages;
  // Writes have one owner and move as a whole.
  const extracted = (routed.kind === 'write' ? writes : reads).stage === 'extracted';
  if (routed.kind === 'write') return decisionOf(of, context, routed, extracted ? WRITES_MOVED : WRITES_STAY);
  if (reads.stage === 'canary') return undefined;
  if (reads.stage !== 'shadow') return decisionOf(of, context, routed, extracted ? READS_MOVED : READS_STAY);
  const { path, edits } = routed;
  return {
    ...decisionOf(of, context, routed, SHADOW),
    shadow: { upstream: context.upstream, path, edits },
  };
}

const WRITES_MOVED = { extracted: true, reason: 'writes extracted → extracted' };
const WRITES_STAY = { extracted: false, reason: 'writes legacy → monolith' };
const READS_MOVED = { extracted: true, reason: 'reads extracted → extracted' };
const READS_STAY = { extracted: false, reason: 'reads legacy → monolith' };
const SHADOW = { extracted: false, reason: 'reads shadow → monolith' };
