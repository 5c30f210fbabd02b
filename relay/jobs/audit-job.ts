import { auditEvents } from '../../outbox/completeness/audit-events.ts';
import {
  forgetAudits,
  readCompleteness,
  type CompletenessReport,
} from '../../outbox/completeness/read-completeness.ts';
import type { Database } from '../../runtime/database.ts';
import type { Log } from '../../runtime/log.ts';
import type { Figures, JobRun } from './run-job.ts';

/** How long findings are kept. */
const KEPT = 30 * 86_400_000;

/** The job that looks for events which were not acknowledged. What it finds stands in the database; a hole is logged, too. */
export function auditJob({
  database,
  retention,
  log,
  onAudit,
}: {
  readonly database: Database;
  readonly retention: number;
  readonly log: Log;
  /** Told what was found, after each look. */
  readonly onAudit: (report: CompletenessReport) => void;
}): (run: JobRun) => Promise<Figures> {
  let told = new Date().toISOString();
  return async ({ stop, progress }) => {
    let windows = 0;
    await auditEvents(database, {
      ...{ retention, stop },
      onWindow: (left) => progress({ done: (windows += 1), total: windows + left }),
    });
    await forgetAudits(database, KEPT);
    const report = await readCompleteness(database);
    onAudit(report);
    const fresh = report.holes.filter(({ foundAt }) => foundAt > told);
    for (const { key, told: what, eventId } of fresh.slice(0, 100))
      log.error({ event: eventId, key }, `hole: an event of ${key} was not acknowledged: ${what}`);
    told = fresh.at(-1)?.foundAt ?? told;
    return { windows, holes: report.holes.length, verdict: report.verdict, waits: report.waitsFor };
  };
}
