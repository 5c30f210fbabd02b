import { randomUUID } from 'node:crypto';
import type {
  ContextStages,
  GatewayReport,
  ReadsStage,
  Stages,
  WritesStage,
} from '../../../contexts/index.ts';
import type { Prisma } from '../prisma-client/client.ts';
import type { FirstStages, ReadsAndWrites } from '../snapshot-store.ts';
import { addAudit } from './audit.ts';

type Tx = Prisma.TransactionClient;

/** The one row of `banyan_control`. */
export interface Control {
  readonly generation: string;
  readonly revision: number;
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
export async function readStages(prisma: Pick<Tx, '$queryRaw'>): Promise<Stages | undefined> {
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
export async function lockControl(tx: Tx): Promise<Control> {
  const [row] = await tx.$queryRaw<{ generation: string; revision: bigint }[]>`
    SELECT generation, revision FROM banyan_control WHERE id = 1 FOR UPDATE`;
  if (!row) throw new Error('banyan_control has lost its row');
  return { generation: row.generation, revision: Number(row.revision) };
}

export async function setRevision(tx: Tx, generation: string, revision: number): Promise<void> {
  await tx.control.update({ where: { id: 1 }, data: { generation, revision: BigInt(revision) } });
}

export async function addFirstStages(tx: Tx, control: Control, first: FirstStages): Promise<void> {
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
export async function beginAnew(tx: Tx, control: Control, report: GatewayReport): Promise<void> {
  if (control.generation !== report.generation || report.revision <= control.revision) return;
  const revision = report.revision + 1;
  await setRevision(tx, randomUUID(), revision);
  await addAudit(tx, {
    ...{ revision, actor: 'banyan', action: 'restored', context: '*', before: null, after: null },
    reason: `${report.gateway} has revision ${report.revision} in force, the store was at ${control.revision}`,
  });
}

export function stagesOf(row: { reads: string; writes: string }): ReadsAndWrites {
  return {
    reads: JSON.parse(row.reads) as ReadsStage,
    writes: JSON.parse(row.writes) as WritesStage,
  };
}
