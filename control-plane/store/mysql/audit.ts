import { Prisma, type Audit } from '../prisma-client/client.ts';
import type { AuditEntry, ReadsAndWrites } from '../snapshot-store.ts';

type Tx = Prisma.TransactionClient;

/** The time is the database's. */
export async function addAudit(tx: Tx, entry: Omit<AuditEntry, 'at'>): Promise<void> {
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
export async function readAudit(
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
