import { isSequenced, keysWaitingByType, readPauses, versionsOf, type Registry } from '../../outbox/index.ts';
import type { Database } from '../../runtime/database.ts';

export interface ListedType {
  readonly type: string;
  /** Null when the registry doesn't declare it. */
  readonly aggregate: string | null;
  readonly ordered: 'sequence' | null;
  readonly versions: readonly number[];
  readonly onPoison: 'wait' | 'skip';
  readonly paused: { readonly at: string; readonly by: string; readonly reason: string } | null;
  /** Keys whose events wait until it is resumed. */
  readonly waiting: number;
}

/** The types that are declared, paused or waited for, by name. */
export async function listTypes(database: Database, registry: Registry | undefined): Promise<ListedType[]> {
  const pauses = new Map((await readPauses(database)).map((pause) => [pause.type, pause]));
  const waiting = await keysWaitingByType(database);
  const events = registry?.events ?? {};
  const names = new Set([...Object.keys(events), ...pauses.keys(), ...waiting.keys()]);
  return [...names].toSorted().map((type) => {
    const declared = Object.hasOwn(events, type) ? events[type] : undefined;
    const pause = pauses.get(type);
    return {
      type,
      aggregate: declared?.aggregate ?? null,
      ordered: declared && isSequenced(registry, declared.aggregate) ? 'sequence' : null,
      versions: declared ? versionsOf(declared) : [],
      onPoison: declared?.onPoison ?? 'wait',
      paused: pause ? { at: `${pause.paused_at} UTC`, by: pause.paused_by, reason: pause.reason } : null,
      waiting: waiting.get(type) ?? 0,
    };
  });
}
