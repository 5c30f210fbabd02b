import { Gauge, type Registry } from 'prom-client';
import type { CompletenessReport } from '../outbox/completeness/read-completeness.ts';

/** What the completeness audit has found in the last day, as any relay reads it from the database. NaN is unknown. */
export function auditMetrics(registry: Registry): (report: CompletenessReport | undefined) => void {
  const registers = [registry];
  const holes = new Gauge({
    name: 'banyan_outbox_audit_holes',
    help: 'Events found in the last day that were not acknowledged and that nothing will send any more',
    registers,
  });
  const behind = new Gauge({
    name: 'banyan_outbox_audit_behind_seconds',
    help: 'Since when what was appended has not been audited: the time since the end of the last window',
    registers,
  });
  const windows = new Gauge({
    name: 'banyan_outbox_audit_windows',
    help: 'Windows of the last day, by what could be shown',
    labelNames: ['verdict'],
    registers,
  });
  return function show(report) {
    holes.set(report?.holes.length ?? Number.NaN);
    behind.set((report?.behindMs ?? Number.NaN) / 1_000);
    for (const verdict of ['complete', 'hole', 'open', 'not provable'] as const)
      windows.set(
        { verdict },
        report?.windows.filter((window) => window.verdict === verdict).length ?? Number.NaN,
      );
  };
}
