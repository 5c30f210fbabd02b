import {
  healthOfMonolith,
  isItUs,
  judgeContext,
  nextStep,
  type ContextEvidence,
  type ContextVerdict,
  type IsItUs,
  type MonolithHealth,
  type NextStep,
  type Verdict,
} from '../../contexts/index.ts';
import { contextsOf, evidenceOf, fleetEvidence, reachedOf } from './evidence.ts';
import type { Readings } from './gather.ts';

export interface JudgedContext extends ContextVerdict {
  readonly evidence: ContextEvidence;
  readonly next: NextStep;
}

export interface Overview {
  readonly verdict: Verdict;
  readonly isItUs: IsItUs;
  readonly monolith: MonolithHealth;
  readonly contexts: readonly JudgedContext[];
}

/** Undefined when nobody who could be asked has such a context. */
export function judgeOne(readings: Readings, context: string): JudgedContext | undefined {
  const evidence = evidenceOf(readings, context);
  if (!evidence) return undefined;
  const judged = judgeContext(evidence);
  return { ...judged, evidence, next: nextStep(evidence, judged) };
}

export function judgeAll(readings: Readings): Overview {
  const contexts = contextsOf(readings).map((context) => judgeOne(readings, context)!);
  const gateways = reachedOf(readings);
  const monolith = healthOfMonolith(gateways);
  const moved = contexts
    .filter(({ evidence }) => reachesClients(evidence))
    .map((judged) => ({
      ...{ context: judged.evidence.context, verdict: judged.verdict, why: whyOf(judged) },
    }));
  const us = isItUs(fleetEvidence(readings), gateways, moved, monolith);
  const verdicts = new Set(contexts.map(({ verdict }) => verdict));
  const verdict =
    verdicts.has('no-go') || us.answer === 'yes'
      ? 'no-go'
      : verdicts.has('unknown') || us.answer === 'unknown'
        ? 'unknown'
        : 'go';
  return { verdict, isItUs: us, monolith, contexts };
}

/** Whether clients get answers of the extracted service; not those of a context that is killed everywhere. */
function reachesClients({ reads, writes, states }: ContextEvidence): boolean {
  if (writes.stage === 'extracted') return true;
  const killed = states.length > 0 && states.every(({ state }) => state.kill);
  return !killed && (reads.stage === 'canary' || reads.stage === 'extracted');
}

/** The first criterion that the verdict rests on. */
export function whyOf({ verdict, criteria }: ContextVerdict): string {
  if (verdict === 'go') return '';
  const first = criteria.find(({ outcome }) => outcome === verdict);
  return first ? `${first.name}: ${first.why}` : 'nothing is known';
}

/** 0 go, 1 no-go, 3 unknown; 2 is a call that means nothing. */
export function exitCodeOf(verdict: Verdict): 0 | 1 | 3 {
  return { go: 0, 'no-go': 1, unknown: 3 }[verdict] as 0 | 1 | 3;
}
