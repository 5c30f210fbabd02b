import { sumShadowReports, type ShadowReport } from '../../contexts/index.ts';
import type { Told } from './ask-reports.ts';

/** What all gateways together say of a context. */
export interface Summary extends ShadowReport {
  readonly gateways: readonly {
    readonly ops: string;
    readonly gateway?: string;
    readonly problem?: string;
  }[];
}

/**
 * Adds up what the gateways found out. A *go* is *unknown* while a gateway hasn't said what it saw. Undefined when none
 * that answered has the context.
 */
export function sumUp(context: string, told: readonly Told[]): Summary | undefined {
  const reports = told.flatMap((one) =>
    'page' in one ? one.page.contexts.filter((report) => report.context === context) : [],
  );
  const sum = sumShadowReports(reports);
  if (!sum) return undefined;
  const complete = told.every((one) => 'page' in one);
  return {
    ...sum,
    verdict: sum.verdict === 'go' && !complete ? 'unknown' : sum.verdict,
    gateways: told.map((one) =>
      'page' in one ? { ops: one.ops, gateway: one.page.gateway } : { ops: one.ops, problem: one.problem },
    ),
  };
}
