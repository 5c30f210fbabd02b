import { randomUUID } from 'node:crypto';
import { ownOf, type GatewayReport, type KillRecord, type Stages } from '../../contexts/index.ts';
import { Refusal, unknownContext } from '../refusal.ts';
import { changeToUndo, sameStages } from '../stage-rules.ts';
import { openAnnouncer } from './announce.ts';
import { openListeners } from './listeners.ts';
import { away } from './mysql/away.ts';
import { addAudit, addKill, readAudit } from './mysql/audit.ts';
import { putLag, readLag } from './mysql/lag.ts';
import { putReport, readRegister, removeReport } from './mysql/register.ts';
import {
  addFirstStages,
  beginAnew,
  lockControl,
  readStages,
  setRevision,
  stagesOf,
  type Control,
} from './mysql/stages.ts';
import { openPrisma } from './open-prisma.ts';
import type { Prisma } from './prisma-client/client.ts';
import type {
  Author,
  Change,
  FirstStages,
  ReadsAndWrites,
  SnapshotStore,
  Speaker,
} from './snapshot-store.ts';

export interface PrismaStoreOptions {
  /** `mysql://user:password@host:port/database`, with the tables of `banyan install control`. */
  readonly database: string;
  /** Carries announcements between processes; without it they poll. */
  readonly redis?: string | undefined;
  /** What the contexts of `banyan.yaml` begin with; a context that the store has keeps its stages. */
  readonly first: FirstStages;
}

type Tx = Prisma.TransactionClient;

/** As many audit entries of a context are looked at to find the change that an undo takes back. */
const UNDO_DEPTH = 1_000;

/**
 * The stages in MySQL or MariaDB, for any number of gateways and control planes. Every change locks the one row
 * of `banyan_control`, takes the next revision from it and writes its audit entry in the same transaction;
 * Redis announces it after the commit.
 */
export function openPrismaStore(options: PrismaStoreOptions): SnapshotStore {
  const { database, redis } = options;
  const prisma = openPrisma(database);
  const hints = openListeners();
  const confirmations = openListeners();
  const announcer = openAnnouncer(redis, (what) => (what === 'stages' ? hints : confirmations).call());

  /** Runs `work` with the control row locked; `committedAt` is taken just before the commit is sent. */
  async function locked<T>(
    work: (tx: Tx, control: Control) => Promise<T>,
  ): Promise<{ result: T; committedAt: number }> {
    const outcome = await prisma.$transaction(
      async (tx) => {
        const result = await work(tx, await lockControl(tx));
        return { result, committedAt: performance.now() };
      },
      { isolationLevel: 'ReadCommitted' },
    );
    return outcome;
  }

  async function read(): Promise<Stages> {
    let stages = await readStages(prisma);
    const { first } = options;
    if (!stages || Object.keys(first).some((name) => !ownOf(stages!.contexts, name))) {
      // In a transaction of its own: many that begin at once would deadlock on the missing row otherwise.
      await prisma.$executeRaw`
        INSERT IGNORE INTO banyan_control (id, generation, revision) VALUES (1, ${randomUUID()}, 0)`;
      await locked((tx, control) => addFirstStages(tx, control, first));
      announcer.announce('stages');
      stages = (await readStages(prisma))!;
    }
    return stages;
  }

  async function change(
    context: string,
    action: 'set' | 'undo',
    { actor, reason }: Author,
    next: (tx: Tx, current: ReadsAndWrites) => Promise<ReadsAndWrites>,
  ): Promise<Change> {
    await read();
    const { result, committedAt } = await locked(async (tx, control) => {
      const row = await tx.context.findUnique({ where: { name: context } });
      if (!row) {
        const rows = await tx.context.findMany({ select: { name: true } });
        throw unknownContext(context, rows.map(({ name }) => name).toSorted());
      }
      const before = stagesOf(row);
      const after = await next(tx, before);
      if (sameStages(before, after)) return { ...control, before, after, changed: false };
      const revision = control.revision + 1;
      await setRevision(tx, control.generation, revision);
      await tx.context.update({
        where: { name: context },
        data: {
          reads: JSON.stringify(after.reads),
          writes: JSON.stringify(after.writes),
          revision: BigInt(revision),
        },
      });
      await addAudit(tx, { revision, actor, action, context, before, after, reason: reason ?? null });
      return { generation: control.generation, revision, before, after, changed: true };
    });
    if (result.changed) {
      announcer.announce('stages');
      hints.call();
    }
    return { ...result, committedAt };
  }

  async function confirm(report: GatewayReport, speaker?: Speaker): Promise<boolean> {
    if (!(await putReport(prisma, report, speaker))) return false;
    announcer.announce('confirmation');
    confirmations.call();
    const control = await prisma.control.findUnique({ where: { id: 1 } });
    if (control?.generation === report.generation && report.revision > Number(control.revision)) {
      await locked((tx, now) => beginAnew(tx, now, report));
      announcer.announce('stages');
    }
    return true;
  }

  async function recordKill(record: KillRecord): Promise<void> {
    await read();
    await locked((tx, { revision }) => addKill(tx, record, revision));
  }

  const guarded = <T>(work: () => Promise<T>) => away(database, work);

  return {
    read: () => guarded(read),
    onHint: hints.add,
    onConfirmation: confirmations.add,
    confirm: (report, speaker) => guarded(() => confirm(report, speaker)),
    recordKill: (record) => guarded(() => recordKill(record)),
    lag: () => guarded(() => readLag(prisma)),
    putLag: (ago) => guarded(() => putLag(prisma, ago)),
    leave: (gateway, instance = '') =>
      guarded(async () => void (await removeReport(prisma, gateway, instance))),
    forget: (gateway) => guarded(() => removeReport(prisma, gateway)),
    gateways: () => guarded(() => readRegister(prisma)),
    change: (context, next, author) =>
      guarded(() => change(context, 'set', author, async (_tx, current) => next(current))),
    undo: (context, allow, author) =>
      guarded(() =>
        change(context, 'undo', author, async (tx, current) => {
          const restored = changeToUndo(await readAudit(tx, context, UNDO_DEPTH))?.before;
          if (!restored) throw new Refusal('nothing-to-undo', `there is no change of '${context}' to undo`);
          allow(current, restored);
          return restored;
        }),
      ),
    audit: ({ context, limit = 100 } = {}) => guarded(() => readAudit(prisma, context, limit)),
    close: async () => {
      await Promise.all([announcer.close(), prisma.$disconnect()]);
    },
  };
}
