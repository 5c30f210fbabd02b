import { Prisma, type PrismaClient } from '../prisma-client/client.ts';

/** Microseconds since 1970. Not of NOW() alone: in the session's time zone an hour comes twice when its clock is set back. */
const NOW = Prisma.raw('CAST(UNIX_TIMESTAMP() * 1000000 + MICROSECOND(NOW(6)) AS SIGNED)');

type Lags = Readonly<Record<string, number>>;

/**
 * Keeps how far each context's consumer is, by the server's clock. `ago` is asked once that clock is known, so that the time
 * until the rows are written makes no lag look smaller.
 */
export async function putLag(prisma: PrismaClient, ago: () => Lags): Promise<void> {
  const [row] = await prisma.$queryRaw<{ now: unknown }[]>`SELECT ${NOW} AS now`;
  for (const [context, lag] of Object.entries(ago())) {
    const handledUntil = BigInt(Math.floor(Number(row!.now) - lag * 1_000));
    await prisma.$executeRaw`
      INSERT INTO banyan_lag (context, handled_until) VALUES (${context}, ${handledUntil})
      ON DUPLICATE KEY UPDATE handled_until = VALUES(handled_until)`;
  }
}

export async function readLag(prisma: PrismaClient): Promise<Lags> {
  const rows = await prisma.$queryRaw<{ context: string; ago: unknown }[]>`
    SELECT context, ${NOW} - handled_until AS ago FROM banyan_lag`;
  return Object.fromEntries(rows.map(({ context, ago }) => [context, Number(ago) / 1_000]));
}
