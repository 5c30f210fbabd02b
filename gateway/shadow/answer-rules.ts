import type { Normaliser } from '../../contexts/index.ts';
import type { AnswerRule } from './canonical-json.ts';
import { compileRules, type PathRule, type Place } from './path-rules.ts';

/** How a context's answers are compared, as plain data that another thread can be given. */
export interface AnswerPlan {
  readonly places: readonly PathRule<AnswerRule>[];
  /** Normalisers without a place of their own. */
  readonly everywhere: readonly Normaliser[];
  /** Fields that are compared, in lower case. */
  readonly fields: readonly string[];
  /** The most that a decompressed body may have, in bytes. */
  readonly maxBody: number;
}

/** The same, compiled. */
export interface AnswerRules extends AnswerPlan {
  readonly root: Place<AnswerRule>;
}

export function answerRules(plan: AnswerPlan): AnswerRules {
  return { ...plan, root: compileRules(plan.places) };
}
