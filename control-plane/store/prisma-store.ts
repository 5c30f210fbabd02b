import { randomUUID } from 'node:crypto';
import type { ContextStages, GatewayReport, ReadsStage, Stages, WritesStage } from '../../contexts/index.ts';
import { Refusal, unknownContext } from '../refusal.ts';
import { changeToUndo, sameStages } from '../stage-rules.ts';
import { openAnnouncer } from './announce.ts';
import { openListeners } from './listeners.ts';
import { openPrisma } from './open-prisma.ts';
import { Prisma, type Audit } from './prisma-client/client.ts';
import {
  FORGET_AFTER,
  StoreAway,
  type AuditEntry,
  type Author,
  type Change,
  type FirstStages,
  type ReadsAndWrites,
  type SnapshotStore,
} from './snapshot-store.ts';

export interface PrismaStoreOptions {
  /** `mysql://user:password@host:port/database`, with the tables of `banyan install control`. */
  readonly database: string;
  /** Carries announcements between processes; without it they poll. */
  readonly redis?: string | undefined;
  /** What the contexts of `banyan.yaml` begin with; a context that the store has keeps its stages. */
  readonly first: FirstStages;
}

/**
 * Seconds since a gateway was seen. Both sides in seconds since 1970: in the session's time zone the difference
 * would be wrong for the hour that a clock change repeats.
 */
const AGE_OF_SEEN = Prisma.raw('UNIX_TIMESTAMP() + MICROSECOND(NOW(6)) / 1e6 - UNIX_TIMESTAMP(seen_at)');

type Tx = Prisma.TransactionClient;

/** As many audit entries of a context are looked at to find the change that an undo takes back. */
const UNDO_DEPTH = 1_000;

/**
 * The stages in MySQL or MariaDB, for any number of gateways and control planes. Every change locks the one row
 * of `banyan_control`, takes the next revision from it and writes its audit entry in the same transaction;
 * Redis announces it after the commit.
 */
export function openPrismaStore({ database, redis, first }: PrismaStoreOptions): SnapshotStore {
  const prisma = openPrisma(database);
  const hints = openListeners();
  const confirmations = openListeners();
  const announcer = openAnnouncer(redis, (what) => (what === 'stages' ? hints : confirmations).call());

  /** Runs `work` with the control row locked; `committedAt` is taken just before the commit is sent. */
  async function locked<T>(
    work: (tx: Tx, control: { generation: string; revision: number }) => Promise<T>,
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
    if (!stages || Object.keys(first).some((name) => !stages?.contexts[name])) {
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

  async function confirm(report: GatewayReport): Promise<void> {
    await prisma.$executeRaw`
      INSERT INTO banyan_gateway (gateway, generation, revision, writes_in_flight)
      VALUES (${report.gateway}, ${report.generation}, ${BigInt(report.revision)}, ${JSON.stringify(report.writesInFlight)})
      ON DUPLICATE KEY UPDATE generation = VALUES(generation), revision = VALUES(revision),
        writes_in_flight = VALUES(writes_in_flight), seen_at = CURRENT_TIMESTAMP(6)`;
    announcer.announce('confirmation');
    confirmations.call();
    const control = await prisma.control.findUnique({ where: { id: 1 } });
    if (control?.generation === report.generation && report.revision > Number(control.revision)) {
      await locked((tx, now) => beginAnew(tx, now, report));
      announcer.announce('stages');
    }
  }

  return {
    read: () => away(read),
    onHint: hints.add,
    onConfirmation: confirmations.add,
    confirm: (report) => away(() => confirm(report)),
    leave: (gateway) =>
      away(async () => {
        await prisma.gateway.deleteMany({ where: { gateway } });
      }),
    gateways: () =>
      away(async () => {
        const rows = await prisma.$queryRaw<GatewayRow[]>`
          SELECT gateway, generation, revision, writes_in_flight AS writes,
            ${AGE_OF_SEEN} AS age
          FROM banyan_gateway ORDER BY gateway`;
        return rows
          .map(({ gateway, generation, revision, writes, age }) => ({
            ...{ gateway, generation, revision: Number(revision) },
            writesInFlight: JSON.parse(writes) as GatewayReport['writesInFlight'],
            seenAgoMs: Math.max(0, Number(age) * 1_000),
          }))
          .filter(({ seenAgoMs }) => seenAgoMs <= FORGET_AFTER);
      }),
    change: (context, next, author) =>
      away(() => change(context, 'set', author, async (_tx, current) => next(current))),
    undo: (context, allow, author) =>
      away(() =>
        change(context, 'undo', author, async (tx, current) => {
          const restored = changeToUndo(await readAudit(tx, context, UNDO_DEPTH))?.before;
          if (!restored) throw new Refusal('nothing-to-undo', `there is no change of '${context}' to undo`);
          allow(current, restored);
          return restored;
        }),
      ),
    audit: ({ context, limit = 100 } = {}) =>
      away(async () => {
        return readAudit(prisma, context, limit);
      }),
    close: async () => {
      await Promise.all([announcer.close(), prisma.$disconnect()]);
    },
  };
}

interface GatewayRow {
  readonly gateway: string;
  readonly generation: string;
  readonly revision: bigint;
  readonly writes: string;
  readonly age: unknown;
}

interface StagesRow {
  readonly generation: string;
  readonly revision: bigint;
  readonly name: string | null;
  readonly reads: string;
  readonly writes: string;
  readonly salt: string;
}

/** One statement, so that the revision and all stages are of one moment. Undefined when nothing was written yet. */
async function readStages(prisma: Pick<Tx, '$queryRaw'>): Promise<Stages | undefined> {
  const rows = await prisma.$queryRaw<StagesRow[]>`
    SELECT control.generation, control.revision, context.name, context.reads, context.writes, context.salt
    FROM banyan_control control LEFT JOIN banyan_context context ON TRUE WHERE control.id = 1`;
  const [control] = rows;
  if (!control) return undefined;
  const contexts = rows.flatMap((row): [string, ContextStages][] =>
    row.name === null ? [] : [[row.name, { ...stagesOf(row), salt: row.salt }]],
  );
  return {
    generation: control.generation,
    revision: Number(control.revision),
    contexts: Object.fromEntries(contexts),
  };
}

/** The one row that every writer locks first, so that none waits for another in a circle. */
async function lockControl(tx: Tx): Promise<{ generation: string; revision: number }> {
  const [row] = await tx.$queryRaw<{ generation: string; revision: bigint }[]>`
    SELECT generation, revision FROM banyan_control WHERE id = 1 FOR UPDATE`;
  if (!row) throw new Error('banyan_control has lost its row');
  return { generation: row.generation, revision: Number(row.revision) };
}

async function setRevision(tx: Tx, generation: string, revision: number): Promise<void> {
  await tx.control.update({ where: { id: 1 }, data: { generation, revision: BigInt(revision) } });
}

async function addFirstStages(
  tx: Tx,
  control: { generation: string; revision: number },
  first: FirstStages,
): Promise<void> {
  const rows = await tx.context.findMany({ select: { name: true } });
  const known = new Set(rows.map(({ name }) => name));
  const missing = Object.entries(first).filter(([name]) => !known.has(name));
  if (missing.length === 0 && control.revision > 0) return;
  const revision = control.revision + 1;
  await setRevision(tx, control.generation, revision);
  for (const [context, after] of missing) {
    await tx.context.create({
      data: {
        ...{ name: context, salt: context, revision: BigInt(revision) },
        ...{ reads: JSON.stringify(after.reads), writes: JSON.stringify(after.writes) },
      },
    });
    await addAudit(tx, {
      ...{ revision, actor: 'banyan.yaml', action: 'first', context },
      ...{ before: null, after, reason: null },
    });
  }
}

/**
 * A gateway that has a later revision of this generation in force than the store ever wrote shows that the store
 * was restored from an older copy: its life begins anew, and what it has wins.
 */
async function beginAnew(
  tx: Tx,
  control: { generation: string; revision: number },
  report: GatewayReport,
): Promise<void> {
  if (control.generation !== report.generation || report.revision <= control.revision) return;
  const revision = report.revision + 1;
  await setRevision(tx, randomUUID(), revision);
  await addAudit(tx, {
    ...{ revision, actor: 'banyan', action: 'restored', context: '*', before: null, after: null },
    reason: `${report.gateway} has revision ${report.revision} in force, the store was at ${control.revision}`,
  });
}

/** The time is the database's. */
async function addAudit(tx: Tx, entry: Omit<AuditEntry, 'at'>): Promise<void> {
  const before = entry.before && JSON.stringify(entry.before);
  const after = JSON.stringify(entry.after);
  await tx.$executeRaw`
    INSERT INTO banyan_audit (revision, actor, action, context, \`before\`, \`after\`, reason)
    VALUES (${BigInt(entry.revision)}, ${entry.actor}, ${entry.action}, ${entry.context}, ${before}, ${after}, ${entry.reason})`;
}

interface AuditRow extends Omit<Audit, 'id' | 'at'> {
  readonly at: unknown;
}

/** The newest first. The times come as seconds since 1970, which no session time zone bends. */
async function readAudit(
  prisma: Pick<Tx, '$queryRaw'>,
  context: string | undefined,
  limit: number,
): Promise<AuditEntry[]> {
  const rows = await prisma.$queryRaw<AuditRow[]>`
    SELECT revision, UNIX_TIMESTAMP(at) AS at, actor, action, context, \`before\`, \`after\`, reason
    FROM banyan_audit ${context === undefined ? Prisma.empty : Prisma.sql`WHERE context = ${context}`}
    ORDER BY id DESC LIMIT ${limit}`;
  return rows.map((row) => ({
    revision: Number(row.revision),
    at: new Date(Number(row.at) * 1_000).toISOString(),
    actor: row.actor,
    action: row.action as AuditEntry['action'],
    context: row.context,
    before: row.before === null ? null : (JSON.parse(row.before) as ReadsAndWrites),
    after: JSON.parse(row.after) as ReadsAndWrites | null,
    reason: row.reason,
  }));
}

function stagesOf(row: { reads: string; writes: string }): ReadsAndWrites {
  return {
    reads: JSON.parse(row.reads) as ReadsStage,
    writes: JSON.parse(row.writes) as WritesStage,
  };
}

async function away<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    if (cause instanceof Refusal) throw cause;
    throw new StoreAway(
      `the control store in MySQL can't be used: ${(cause as Error).message.trim().split('\n').at(-1)}; check control.database, and that \`banyan install control\` has made its tables`,
      { cause },
    );
  }
}
