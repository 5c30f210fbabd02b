import { forgetLag, noteLag, type ContextSample } from '../../outbox/lag-history.ts';
import { readLag, sumLag } from '../../outbox/lag.ts';
import type { Database } from '../../runtime/database.ts';
import type { Figures, JobRun } from './run-job.ts';

/** The contexts that the lag is told apart by. */
export interface LagContexts {
  readonly names: readonly string[];
  /** The context of an event type; undefined: it belongs to none. */
  readonly of: (type: string) => string | undefined;
}

/** A backlog of millions takes a while to count; a look that takes longer finds nothing out. Milliseconds. */
const TIMEOUT = 10_000;

/**
 * The job that looks at the outbox lag several times a minute and writes the worst down, for charts. A look that fails is
 * written down as unknown. What nobody looked at, the relays or Redis being away, has no row, and is never made up.
 */
export function lagHistoryJob({
  database,
  contexts,
}: {
  readonly database: Database;
  readonly contexts: LagContexts;
}): (run: JobRun) => Promise<Figures> {
  const names = [...contexts.names, ''];
  const unknown = (context: string) => ({ context, pending: null, oldestAgeMs: null, parked: null });
  return async ({ stop, progress }) => {
    const { types } = await readLag(database, TIMEOUT).catch(async (error: unknown) => {
      await noteLag(database, names.map(unknown)).catch(() => {});
      throw error;
    });
    const samples = names.map((context): ContextSample => {
      const own = types.filter(({ type }) => (contexts.of(type) ?? '') === context);
      const { pending, oldestAgeMs, parked } = sumLag(own);
      return { context, pending, oldestAgeMs: pending === 0 ? 0 : oldestAgeMs, parked };
    });
    await noteLag(database, samples);
    const { pending, parked } = sumLag(types);
    await progress({ pending, parked });
    return { pending, parked, forgotten: await forgetLag(database, { stop }) };
  };
}
