import {
  canShadow,
  carriesEvents,
  ownOf,
  thresholdsOf,
  type CohortConfig,
  type Config,
  type ReadsStage,
  type VerdictThresholds,
  type WritesStage,
} from '../contexts/index.ts';
import type { AuditEntry, SnapshotStore } from './store/snapshot-store.ts';

/** One context: what the configuration says of it, what is in force, and who changed it last. */
export interface ListedContext {
  readonly name: string;
  readonly upstream: string;
  readonly routes: readonly string[];
  readonly cohort: CohortConfig | null;
  readonly events: readonly string[];
  readonly consumer: string | null;
  readonly reads: ReadsStage;
  readonly writes: WritesStage;
  /** What `banyan status` judges it by. */
  readonly thresholds: VerdictThresholds;
  readonly carriesEvents: boolean;
  readonly canShadow: boolean;
  readonly lastChange: Pick<AuditEntry, 'revision' | 'at' | 'actor' | 'action' | 'reason'> | null;
}

export interface ContextList {
  readonly generation: string;
  readonly revision: number;
  readonly contexts: readonly ListedContext[];
}

/** Every context of the configuration, in its order. */
export async function listContexts(config: Config, store: SnapshotStore): Promise<ContextList> {
  const { generation, revision, contexts } = await store.read();
  const listed = Object.entries(config.contexts).map(async ([name, context]): Promise<ListedContext> => {
    const [entry] = await store.audit({ context: name, limit: 1 });
    return {
      name,
      upstream: context.upstream,
      routes: context.routes.map(({ match }) => match),
      cohort: context.cohort ?? null,
      events: context.events,
      consumer: context.consumer ?? null,
      reads: ownOf(contexts, name)?.reads ?? context.reads,
      writes: ownOf(contexts, name)?.writes ?? context.writes,
      thresholds: thresholdsOf(context),
      carriesEvents: carriesEvents(config, name),
      canShadow: context.routes.some(canShadow),
      lastChange: entry
        ? {
            ...{ revision: entry.revision, at: entry.at, actor: entry.actor },
            ...{ action: entry.action, reason: entry.reason },
          }
        : null,
    };
  });
  return { generation, revision, contexts: await Promise.all(listed) };
}
