import { Prisma } from '../prisma-client/client.ts';
import { StoreAway } from '../snapshot-store.ts';

/** Errors that come from the server or from the way to it. What Prisma finds wrong with a call is none of them. */
const FAULTS = [
  Prisma.PrismaClientKnownRequestError,
  Prisma.PrismaClientUnknownRequestError,
  Prisma.PrismaClientInitializationError,
  Prisma.PrismaClientRustPanicError,
];

/** What the driver tells below Prisma's own error; `cause` is its text of why there is no connection. */
interface DriverError {
  readonly originalCode?: string;
  readonly message?: string;
  readonly originalMessage?: string;
  readonly cause?: string;
}

/** Runs `work`. A fault of the server or of the way to it makes the store away; a mistake of ours stays one. */
export async function away<T>(database: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    if (!FAULTS.some((Fault) => cause instanceof Fault)) throw cause;
    const { host, pathname } = new URL(database);
    throw new StoreAway(
      `the control store in MySQL at ${host}${pathname} can't be used: ${reasonOf(cause as Error)}; check control.database, and that \`banyan install control\` has made its tables`,
      { cause },
    );
  }
}

/** Whether a row of this key is there already. */
export function isDuplicate(error: unknown): boolean {
  return (
    error instanceof Prisma.PrismaClientKnownRequestError && driverErrorOf(error)?.originalCode === '1062'
  );
}

/** The deepest reason there is, without what Prisma and the driver put around it. */
function reasonOf(error: Error): string {
  const driver = driverErrorOf(error);
  const reason =
    driver?.cause ?? driver?.message ?? driver?.originalMessage ?? error.message.trim().split('\n').at(-1)!;
  return reason
    .replace(/^\(conn:-?\d+, no: (\d+), SQLState: \w+\) /, 'error $1, ')
    .replace(/\s*\(pool connections: .*\)$/s, '')
    .trim();
}

function driverErrorOf(error: Error): DriverError | undefined {
  const meta = (error as { meta?: { driverAdapterError?: { cause?: DriverError } } }).meta;
  return meta?.driverAdapterError?.cause;
}
