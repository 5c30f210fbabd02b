import type {
  ContextStages,
  GatewayReport,
  KillRecord,
  SnapshotSource,
  Stages,
} from '../../contexts/index.ts';

/** A store of stages in memory: a whole implementation of the port, without durability. */
export interface MemorySource extends SnapshotSource {
  /** Commits the next revision. Gateways get a hint unless `hint` is false. */
  set(contexts: Record<string, Partial<ContextStages>>, options?: { hint?: boolean }): void;
  /** Puts these very stages in place, without a hint. */
  replace(stages: Stages): void;
  /** While it is away, everything rejects. */
  away: boolean;
  /** What `lag` says: milliseconds by context. */
  lags: Record<string, number>;
  readonly reports: GatewayReport[];
  readonly kills: KillRecord[];
}

export function memorySource(contexts: Record<string, Partial<ContextStages>> = {}): MemorySource {
  const listeners = new Set<() => void>();
  let stages: Stages = { generation: 'first', revision: 0, contexts: {} };
  const here = () => {
    if (source.away) throw new Error('the store is away');
  };
  const source: MemorySource = {
    away: false,
    lags: {},
    reports: [],
    kills: [],
    async read() {
      here();
      return stages;
    },
    onHint(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    async confirm(report) {
      here();
      source.reports.push(report);
    },
    async recordKill(record) {
      here();
      source.kills.push(record);
    },
    async lag() {
      here();
      return source.lags;
    },
    set(changes, { hint = true } = {}) {
      const next = Object.fromEntries(
        Object.entries(changes).map(([name, change]) => {
          const before = stages.contexts[name] ?? {
            reads: { stage: 'legacy' },
            writes: { stage: 'legacy' },
            salt: name,
          };
          return [name, { ...before, ...change } as ContextStages];
        }),
      );
      stages = { ...stages, revision: stages.revision + 1, contexts: { ...stages.contexts, ...next } };
      if (hint) for (const listener of listeners) listener();
    },
    replace(next) {
      stages = next;
    },
  };
  source.set(contexts);
  return source;
}
