import { mkdirSync, watch, type FSWatcher } from 'node:fs';
import { join } from 'node:path';
import { randomUUID } from 'node:crypto';
import { ownOf, type GatewayReport, type KillRecord } from '../../contexts/index.ts';
import { Refusal, unknownContext } from '../refusal.ts';
import { changeToUndo, sameStages } from '../stage-rules.ts';
import { isErrno } from './errno.ts';
import { openGatewayFiles } from './gateway-files.ts';
import { openLagFile } from './lag-file.ts';
import { openListeners } from './listeners.ts';
import { openRevisionFiles, type StoredRevision } from './revision-files.ts';
import {
  StoreAway,
  type AuditEntry,
  type Author,
  type Change,
  type FirstStages,
  type ReadsAndWrites,
  type SnapshotStore,
} from './snapshot-store.ts';

export interface FileStoreOptions {
  /** The folder; made when it isn't there. Any number of processes of one host may share it. */
  readonly folder: string;
  /** What the contexts of `banyan.yaml` begin with; a context that the store has keeps its stages. */
  readonly first: FirstStages;
}

const REVISIONS = 'stages';
const GATEWAYS = 'gateways';

/**
 * The stages in files, for one host and no other service. `stages/<revision>.json` is one whole revision with
 * its audit entry, so both come to be in one step; `gateways/<name>.json` is what a gateway reported last.
 * Hints come from watching both folders.
 */
export function openFileStore(options: FileStoreOptions): SnapshotStore {
  const { folder } = options;
  const revisions = openRevisionFiles(join(folder, REVISIONS));
  const gateways = openGatewayFiles(join(folder, GATEWAYS));
  const lags = openLagFile(folder);
  const hints = openListeners();
  const confirmations = openListeners();
  const watchers = [
    watchFolder(join(folder, REVISIONS), hints.call),
    watchFolder(join(folder, GATEWAYS), confirmations.call),
  ];

  /** Commits what `next` makes of the newest revision; tried again when another writer was first. */
  async function commit(
    next: (newest: StoredRevision | undefined) => Promise<StoredRevision | undefined>,
  ): Promise<{ committedAt: number; newest: StoredRevision | undefined }> {
    for (;;) {
      const newest = await revisions.newest();
      const wanted = await next(newest);
      const committedAt = performance.now();
      if (!wanted) return { committedAt, newest };
      if (await revisions.create(wanted)) {
        hints.call();
        return { committedAt, newest: wanted };
      }
    }
  }

  /** The newest revision, with every context of the configuration in it. */
  async function current(): Promise<StoredRevision> {
    const { newest } = await commit(async (found) => withFirstStages(found, options.first));
    return newest!;
  }

  async function change(
    context: string,
    action: 'set' | 'undo',
    { actor, reason }: Author,
    next: (current: ReadsAndWrites) => Promise<ReadsAndWrites>,
  ): Promise<Change> {
    await current();
    let before: ReadsAndWrites | undefined;
    let after: ReadsAndWrites | undefined;
    const { committedAt, newest } = await commit(async (found) => {
      const stages = found && ownOf(found.contexts, context);
      if (!found || !stages) throw unknownContext(context, Object.keys(found?.contexts ?? {}));
      before = { reads: stages.reads, writes: stages.writes };
      after = await next(before);
      if (sameStages(before, after)) return undefined;
      const revision = found.revision + 1;
      const at = new Date().toISOString();
      return {
        generation: found.generation,
        revision,
        contexts: { ...found.contexts, [context]: { ...stages, ...after } },
        audit: [{ revision, at, actor, action, context, before, after, reason: reason ?? null }],
      };
    });
    const changed = !sameStages(before!, after!);
    const { generation, revision } = newest!;
    return { generation, revision, before: before!, after: after!, changed, committedAt };
  }

  /** A revision of its own, with the stages as they are: what is in the audit is in a revision. */
  async function recordKill({ action, gateway, context, by, reason, ...told }: KillRecord): Promise<void> {
    await current();
    await commit(async (newest) => {
      for await (const { kill } of history(context)) if (kill?.id === told.id) return undefined;
      const revision = newest!.revision + 1;
      const entry: AuditEntry = {
        ...{ revision, at: new Date().toISOString(), actor: by, action, context },
        ...{ before: null, after: null, reason },
        kill: { id: told.id, gateway, at: told.at, consent: told.consent },
      };
      return { ...newest!, revision, audit: [entry] };
    });
  }

  async function* history(context?: string): AsyncGenerator<AuditEntry> {
    for await (const { audit } of revisions.newestFirst()) {
      for (const entry of audit.toReversed()) {
        if (context === undefined || entry.context === context) yield entry;
      }
    }
  }

  return {
    read: () =>
      away(folder, async () => {
        const { generation, revision, contexts } = await current();
        return { generation, revision, contexts };
      }),
    onHint: hints.add,
    onConfirmation: confirmations.add,
    confirm: (report, speaker) =>
      away(folder, async () => {
        if (!(await gateways.put(report, speaker))) return false;
        await commit(async (newest) => afterRestore(newest, report));
        confirmations.call();
        return true;
      }),
    recordKill: (record) => away(folder, () => recordKill(record)),
    lag: () => away(folder, lags.read),
    putLag: (ago) => away(folder, () => lags.put(ago)),
    leave: (gateway, instance = '') =>
      away(folder, async () => void (await gateways.remove(gateway, instance))),
    forget: (gateway) => away(folder, () => gateways.remove(gateway)),
    gateways: () => away(folder, gateways.all),
    change: (context, next, author) =>
      away(folder, () => change(context, 'set', author, async (stages) => next(stages))),
    undo: (context, allow, author) =>
      away(folder, () =>
        change(context, 'undo', author, async (stages) => {
          const past: AuditEntry[] = [];
          for await (const entry of history(context)) past.push(entry);
          const restored = changeToUndo(past)?.before;
          if (!restored) throw new Refusal('nothing-to-undo', `there is no change of '${context}' to undo`);
          allow(stages, restored);
          return restored;
        }),
      ),
    audit: ({ context, limit = 100 } = {}) =>
      away(folder, async () => {
        const entries: AuditEntry[] = [];
        for await (const entry of history(context)) {
          if (entries.length >= limit) break;
          entries.push(entry);
        }
        return entries;
      }),
    close: async () => {
      for (const watcher of watchers) watcher?.close();
    },
  };
}

/** The revision that adds the contexts which the store doesn't have; undefined when it has them all. */
function withFirstStages(newest: StoredRevision | undefined, first: FirstStages): StoredRevision | undefined {
  const missing = Object.entries(first).filter(([name]) => !newest || !ownOf(newest.contexts, name));
  if (newest && missing.length === 0) return undefined;
  const revision = (newest?.revision ?? 0) + 1;
  const at = new Date().toISOString();
  return {
    generation: newest?.generation ?? randomUUID(),
    revision,
    contexts: {
      ...newest?.contexts,
      ...Object.fromEntries(missing.map(([name, stages]) => [name, { ...stages, salt: name }])),
    },
    audit: missing.map(([context, after]) => ({
      ...{ revision, at, actor: 'banyan.yaml', action: 'first', context },
      ...{ before: null, after, reason: null },
    })),
  };
}

/**
 * A gateway that has a later revision of this generation in force than the store ever wrote shows that the store
 * was restored from an older copy: its life begins anew, and what it has wins.
 */
function afterRestore(newest: StoredRevision | undefined, report: GatewayReport): StoredRevision | undefined {
  if (newest?.generation !== report.generation || report.revision <= newest.revision) return undefined;
  const revision = report.revision + 1;
  return {
    generation: randomUUID(),
    revision,
    contexts: newest.contexts,
    audit: [
      {
        ...{ revision, at: new Date().toISOString(), actor: 'banyan', action: 'restored', context: '*' },
        ...{ before: null, after: null },
        reason: `${report.gateway} has revision ${report.revision} in force, the store was at ${newest.revision}`,
      },
    ],
  };
}

/** Watches a folder. Where that isn't possible, hints don't come and polling does the work. */
function watchFolder(folder: string, changed: () => void): FSWatcher | undefined {
  try {
    mkdirSync(folder, { recursive: true });
    const watcher = watch(folder, { persistent: false }, (_event, name) => {
      if (name?.endsWith('.json')) changed();
    });
    return watcher.on('error', () => watcher.close());
  } catch {
    return undefined;
  }
}

/** What the operating system refuses makes the store away; anything else stays the mistake that it is. */
async function away<T>(folder: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    if (!isErrno(cause)) throw cause;
    throw new StoreAway(
      `the store in ${folder} can't be used: ${cause.message}; it must be a folder that this user may write in`,
      { cause },
    );
  }
}
