import type { Connection, Database } from '../../runtime/database.ts';
import type { Capture } from './facts.ts';
import { introspect } from './introspect.ts';
import { withShortLockWait } from './lock-wait.ts';
import { planCapture, type CapturePlan } from './plan.ts';
import { identifier, literal } from './sql-text.ts';
import { TRIGGER_SQL_MODE } from './triggers.ts';

/** A capture that can't be applied; the message lists every reason. */
export class CaptureRefused extends Error {}

/** What `apply` would do now. Changes nothing. */
export async function readPlan(database: Database, capture: Capture): Promise<CapturePlan> {
  const connection = await database.getConnection();
  try {
    return planCapture(capture, await introspect(connection, capture));
  } finally {
    connection.release();
  }
}

/**
 * Creates the capture's triggers; `unchanged` when exactly these are there already. Triggers of an older
 * definition are replaced while the table is locked for writing, so that no write passes in between: the writers
 * wait for the few milliseconds that it takes. Throws CaptureRefused with all reasons when the plan refuses.
 */
export async function applyCapture(
  database: Database,
  capture: Capture,
): Promise<'created' | 'replaced' | 'unchanged'> {
  return withShortLockWait(database, `table '${capture.table}'`, async (connection) => {
    const plan = planCapture(capture, await introspect(connection, capture));
    if (plan.refusals.length > 0)
      throw new CaptureRefused(
        `capture '${capture.name}' can't be applied:\n${plan.refusals.map((reason) => `  - ${reason}`).join('\n')}`,
      );
    if (plan.applied) return 'unchanged';
    await createTriggers(connection, plan);
    return plan.existing.length > 0 ? 'replaced' : 'created';
  });
}

async function createTriggers(connection: Connection, plan: CapturePlan): Promise<void> {
  const tables = new Set([plan.capture.table, ...plan.existing.map(({ table }) => table)]);
  await connection.query(`SET SESSION sql_mode = ${literal(TRIGGER_SQL_MODE)}`);
  await connection.query(
    `LOCK TABLES ${[...tables].map((table) => `${identifier(table)} WRITE`).join(', ')}`,
  );
  const dropAll = async () => {
    for (const name of [...plan.existing, ...plan.triggers].map((one) => one.name))
      await connection.query(`DROP TRIGGER IF EXISTS ${identifier(name)}`);
  };
  try {
    await dropAll();
    for (const { sql } of plan.triggers) await connection.query(sql);
  } catch (cause) {
    await dropAll();
    throw new Error(
      `capture '${plan.capture.name}' could not be applied, and none of its triggers is there now: ${(cause as Error).message}`,
      { cause },
    );
  } finally {
    await connection.query('UNLOCK TABLES');
  }
}
