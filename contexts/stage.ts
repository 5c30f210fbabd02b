/**
 * Where a context's reads go. In `shadow` the monolith answers, and a copy may go to the extracted service. `percent`
 * is the share of cohorts, 0..100, that the extracted service answers. In `retired` nobody is asked any more: the
 * gateway itself answers.
 */
export type ReadsStage =
  | { readonly stage: 'legacy' }
  | { readonly stage: 'shadow' }
  | {
      readonly stage: 'canary';
      readonly percent: number;
      /** Cohorts that the extracted service answers, and such that it doesn't, whatever the percentage. */
      readonly include?: readonly string[] | undefined;
      readonly exclude?: readonly string[] | undefined;
    }
  | { readonly stage: 'extracted' }
  | { readonly stage: 'retired' };

/** Where a context's writes go: as a whole, never by chance. */
export type WritesStage =
  { readonly stage: 'legacy' } | { readonly stage: 'extracted' } | { readonly stage: 'retired' };

/** The stages of one context. `salt` makes its cohorts independent of every other context's. */
export interface ContextStages {
  readonly reads: ReadsStage;
  readonly writes: WritesStage;
  readonly salt: string;
}

/**
 * What the store owns: every context's stages at one revision. `generation` names the life of the store:
 * a restored or recreated store has a new one, and wins over any revision of an older generation.
 */
export interface Stages {
  readonly generation: string;
  readonly revision: number;
  readonly contexts: Readonly<Record<string, ContextStages>>;
}

export const READS_STAGES = ['legacy', 'shadow', 'canary', 'extracted', 'retired'] as const;
export const WRITES_STAGES = ['legacy', 'extracted', 'retired'] as const;

/** `canary 25 % with tenant-a, without vip`, `legacy`, … as people read it. */
export function describeStage(stage: ReadsStage | WritesStage): string {
  if (stage.stage !== 'canary') return stage.stage;
  const lists = [...listed('with', stage.include), ...listed('without', stage.exclude)];
  return [`canary ${stage.percent} %`, lists.join(', ')].filter((part) => part !== '').join(' ');
}

/** At most three by name. */
function listed(word: string, list: readonly string[] = []): string[] {
  if (list.length === 0) return [];
  const more = list.length > 3 ? ` and ${list.length - 3} more` : '';
  return [`${word} ${list.slice(0, 3).join(', ')}${more}`];
}

/** Whether two stages are the same, lists included. */
export function sameStage(a: ReadsStage | WritesStage, b: ReadsStage | WritesStage): boolean {
  if (a.stage !== 'canary' || b.stage !== 'canary') return a.stage === b.stage;
  return a.percent === b.percent && sameList(a.include, b.include) && sameList(a.exclude, b.exclude);
}

const sameList = (a: readonly string[] = [], b: readonly string[] = []) =>
  JSON.stringify(a.toSorted()) === JSON.stringify(b.toSorted());
