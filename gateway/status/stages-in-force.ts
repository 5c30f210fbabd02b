import type { ContextSnapshot, Snapshot } from '../../contexts/index.ts';
import type { Base, Windows } from './windows.ts';

/** Since when each context has been as it is, so that no evidence is older than what it is evidence of. */
export interface StagesInForce {
  /** Looks whether something has changed; what has is counted from now on. */
  look(snapshot: Snapshot): void;
  /** Where the context's counts begin; undefined before the first look at it. */
  baseOf(context: string): Base | undefined;
}

export function watchStages(windows: Pick<Windows, 'base'>): StagesInForce {
  const known = new Map<string, { readonly key: string; readonly base: Base }>();
  let last: Snapshot | undefined;
  return {
    look(snapshot) {
      if (snapshot === last) return;
      last = snapshot;
      for (const [name, context] of snapshot.contexts) {
        const key = keyOf(context);
        if (known.get(name)?.key !== key) known.set(name, { key, base: windows.base() });
      }
    },
    baseOf: (context) => known.get(context)?.base,
  };
}

const keyOf = ({ stages, killed, upstream }: ContextSnapshot): string =>
  JSON.stringify([stages.reads, stages.writes, killed?.reads, upstream]);
