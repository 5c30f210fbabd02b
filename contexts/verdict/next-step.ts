import type { ReadsStage } from '../stage.ts';
import type { ContextEvidence, ContextVerdict, LastChange } from './judge-context.ts';

/** What to type next. */
export interface NextStep {
  /** Ready to be copied; none where nothing is to be done. */
  readonly command: string | undefined;
  readonly why: string;
  /** Another way, and what it is for. */
  readonly or?: { readonly command: string; readonly why: string };
}

/** On a go, the next stage; on a no-go that clients notice, the way back; where something is unknown, what tells it. */
export function nextStep(evidence: ContextEvidence, { verdict, criteria }: ContextVerdict): NextStep {
  if (verdict === 'go') return onward(evidence);
  const { context, reads, writes } = evidence;
  const first = criteria.find(({ outcome }) => outcome === verdict);
  const is = (name: string) => first?.name.endsWith(name);
  if (verdict === 'no-go') {
    if (is('kill switch'))
      return { command: `banyan kill ${context} --release`, why: 'when what it was killed for is repaired' };
    if (is('gateways') && criteria.filter(({ outcome }) => outcome === 'no-go').length === 1)
      return { command: 'banyan gateways list', why: 'which gateway is at another revision' };
    // A client notices: reads or writes are the service's.
    if (reads.stage === 'canary' || reads.stage === 'extracted' || writes.stage === 'extracted')
      return back(evidence);
    if (is('shadow match')) return { command: `banyan shadow report ${context}`, why: 'what differs' };
    return lookAt(evidence, first?.name);
  }
  return lookAt(evidence, first?.name);
}

function onward({ context, reads, thresholds, canShadow, hasCohort }: ContextEvidence): NextStep {
  const set = (rest: string, why: string): NextStep => ({
    command: `banyan context set ${context} --reads ${rest}`,
    why,
  });
  const toClients = (above: number): NextStep => {
    const percent = hasCohort ? thresholds.steps.find((step) => step > above) : undefined;
    return percent === undefined
      ? set('extracted', hasCohort ? 'all reads' : 'all reads; a part of them needs a `cohort:`')
      : set(`canary --percent ${percent}`, `${percent} % of the cohorts`);
  };
  switch (reads.stage) {
    case 'legacy':
      return canShadow ? set('shadow', 'compare the answers first') : toClients(0);
    case 'shadow':
      return toClients(0);
    case 'canary':
      return toClients(reads.percent);
    case 'extracted':
      return { command: undefined, why: 'nothing: its reads have moved, and it is well' };
    case 'retired':
      return { command: undefined, why: 'nothing: it is retired' };
  }
}

function back({ context, writes, lastChange }: ContextEvidence): NextStep {
  if (writes.stage !== 'legacy')
    return {
      command: `banyan kill ${context} --hold-writes`,
      why: 'reads back to the monolith, without what was written since its writes moved; writes are answered 503',
    };
  const kill = { command: `banyan kill ${context}`, why: 'without the store' };
  if ('unknown' in lastChange) return { ...kill, why: 'its reads back to the monolith; needs no store' };
  return isForward(lastChange.known)
    ? { command: `banyan context undo ${context}`, why: 'the latest change back', or: kill }
    : {
        command: `banyan context set ${context} --reads legacy`,
        why: 'its reads back to the monolith',
        or: kill,
      };
}

/** An undo goes back only if the change went on; and after another undo it takes an earlier one back. */
function isForward(change: LastChange | undefined): boolean {
  if (change?.action !== 'set' || !change.before || !change.after) return false;
  return rankOf(change.after.reads) > rankOf(change.before.reads);
}

function rankOf(reads: ReadsStage): number {
  const ranks = { legacy: 0, shadow: 1, canary: 2, extracted: 103, retired: 104 } as const;
  return ranks[reads.stage] + (reads.stage === 'canary' ? reads.percent : 0);
}

/** What tells more about it. */
function lookAt({ context, reads, fleet }: ContextEvidence, name: string | undefined): NextStep {
  if (name === 'gateways') {
    if (fleet.unreached.length > 0 && fleet.register !== undefined)
      return { command: 'banyan kill --list', why: 'which gateways are reached' };
    return fleet.register === undefined
      ? { command: 'banyan gateways list', why: 'which gateways there are, and when they were seen' }
      : { command: 'banyan context list', why: 'says why the admin API isn’t reached' };
  }
  if (name === 'backfill')
    return { command: 'banyan capture status', why: 'which captures were stopped, and what to do' };
  if (name === 'held')
    return {
      command: 'banyan held list',
      why: 'what it holds, and why; --database names the inbox of the service',
    };
  if (name === 'lag' || name === 'parked') return { command: 'banyan lag', why: 'where the events are' };
  if (name === 'shadow match')
    return { command: `banyan shadow report ${context}`, why: 'how much is compared' };
  const why =
    reads.stage === 'canary'
      ? 'until there is enough of it, or with more of the cohorts'
      : 'until there is enough of it';
  return { command: `banyan status ${context} --watch`, why };
}
