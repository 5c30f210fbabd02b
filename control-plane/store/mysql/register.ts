import type { GatewayReport } from '../../../contexts/index.ts';
import { Prisma, type PrismaClient } from '../prisma-client/client.ts';
import type { RegisteredGateway, Speaker } from '../snapshot-store.ts';
import { isDuplicate } from './away.ts';

/**
 * Seconds since a gateway was seen. Both sides in seconds since 1970: in the session's time zone the difference
 * would be wrong for the hour that a clock change repeats.
 */
const AGE_OF_SEEN = Prisma.raw('UNIX_TIMESTAMP() + MICROSECOND(NOW(6)) / 1e6 - UNIX_TIMESTAMP(seen_at)');

/**
 * Keeps a gateway's report in `banyan_gateway`. False when another instance has the name: of two that find it
 * free at the same moment the primary key lets one in.
 */
export async function putReport(
  prisma: PrismaClient,
  { gateway, generation, revision, writesInFlight }: GatewayReport,
  { instance, replaces }: Speaker = { instance: '' },
): Promise<boolean> {
  const writes = JSON.stringify(writesInFlight);
  const earlier =
    replaces === undefined ? Prisma.empty : Prisma.sql`OR LEFT(instance, ${replaces.length}) = ${replaces}`;
  const update = async () =>
    (await prisma.$executeRaw`
    UPDATE banyan_gateway SET generation = ${generation}, revision = ${BigInt(revision)},
      writes_in_flight = ${writes}, seen_at = CURRENT_TIMESTAMP(6), instance = ${instance}
    WHERE gateway = ${gateway} AND (instance = ${instance} ${earlier})`) > 0;
  if (await update()) return true;
  try {
    await prisma.$executeRaw`
      INSERT INTO banyan_gateway (gateway, generation, revision, writes_in_flight, instance)
      VALUES (${gateway}, ${generation}, ${BigInt(revision)}, ${writes}, ${instance})`;
    return true;
  } catch (error) {
    // Taken in between: by another, or by an earlier report of this instance that is still under way.
    if (isDuplicate(error)) return update();
    throw error;
  }
}

interface GatewayRow {
  readonly gateway: string;
  readonly generation: string;
  readonly revision: bigint;
  readonly writes: string;
  readonly age: unknown;
}

export async function readRegister(prisma: PrismaClient): Promise<RegisteredGateway[]> {
  const rows = await prisma.$queryRaw<GatewayRow[]>`
    SELECT gateway, generation, revision, writes_in_flight AS writes, ${AGE_OF_SEEN} AS age
    FROM banyan_gateway ORDER BY gateway`;
  return rows.map(({ gateway, generation, revision, writes, age }) => ({
    ...{ gateway, generation, revision: Number(revision) },
    writesInFlight: JSON.parse(writes) as GatewayReport['writesInFlight'],
    seenAgoMs: Math.max(0, Number(age) * 1_000),
  }));
}

/** Takes a gateway off, if that instance has the name; any, unless one is given. False when there is none. */
export async function removeReport(
  prisma: PrismaClient,
  gateway: string,
  instance?: string,
): Promise<boolean> {
  const own = instance === undefined ? Prisma.empty : Prisma.sql`AND instance = ${instance}`;
  return (await prisma.$executeRaw`DELETE FROM banyan_gateway WHERE gateway = ${gateway} ${own}`) > 0;
}
