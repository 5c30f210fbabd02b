import { parseJsonPath, type JsonPath, type ShadowConfig } from '../../contexts/index.ts';
import type { AnswerPlan } from './answer-rules.ts';

/** What the context's `shadow` says of its answers. */
export function planAnswers({
  ignore,
  sets,
  normalise,
  personal,
  fields,
  maxBody,
}: ShadowConfig): AnswerPlan {
  return {
    places: [
      ...ignore.map((text) => ({ path: pathOf(text), rule: { use: 'ignore' } as const })),
      ...sets.map((text) => ({ path: pathOf(text), rule: { use: 'set' } as const })),
      ...personal
        .filter((text) => !text.startsWith(':'))
        .map((text) => ({ path: pathOf(text), rule: { use: 'personal' } as const })),
      ...normalise.flatMap((normaliser) =>
        normaliser.at === undefined
          ? []
          : [{ path: pathOf(normaliser.at), rule: { use: 'normalise', normaliser } as const }],
      ),
    ],
    everywhere: normalise.filter(({ at }) => at === undefined),
    fields,
    maxBody,
  };
}

/** The config has been checked: a path that can't be read throws. */
function pathOf(text: string): JsonPath {
  const path = parseJsonPath(text);
  if ('mistake' in path) throw new Error(`'${text}': ${path.mistake}`);
  return path;
}
