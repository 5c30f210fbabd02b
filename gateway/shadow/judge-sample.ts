import type { ShadowDifference } from '../../contexts/index.ts';
import type { AnswerRules } from './answer-rules.ts';
import { compareAnswers, type CapturedAnswer } from './compare-answer.ts';
import type { Noise } from './noise.ts';

/** The answers to one read. */
export interface Sample {
  readonly route: string;
  readonly monolith: CapturedAnswer;
  readonly extracted: CapturedAnswer;
  /** The monolith's second answer, where it was asked twice. */
  readonly repeated?: CapturedAnswer | undefined;
}

export interface Judged {
  readonly outcome: 'match' | 'noise' | 'mismatch' | 'truncated' | 'unstable';
  /** What isn't noise, a few of it. */
  readonly differences: readonly ShadowDifference[];
}

/** Differences that are handed on. */
const MOST = 20;

/** Compares, and subtracts what differs between the monolith's own two answers. */
export function judgeSample(rules: AnswerRules, noise: Noise, sample: Sample): Judged {
  const { route, monolith, extracted, repeated } = sample;
  const compared = compareAnswers(rules, monolith, extracted);
  const own = repeated && compareAnswers(rules, monolith, repeated);
  if (compared.kind === 'truncated' || own?.kind === 'truncated')
    return { outcome: 'truncated', differences: [] };
  const raw = compared.differences;
  const kept = noise.subtract(route, raw, own?.differences);
  if (kept.length > 0) return { outcome: 'mismatch', differences: kept.slice(0, MOST) };
  if (raw.length === 0) return { outcome: 'match', differences: [] };
  // Nothing is left of an answer whose status or whole body is noise.
  const whole = raw.some(({ at }) => at === 'status' || at === 'body' || at === '$');
  return { outcome: whole ? 'unstable' : 'noise', differences: [] };
}
