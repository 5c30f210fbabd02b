import { z } from 'zod';
import { duration } from './fields.ts';

/** What a context must show before it may go on, as `banyan status` judges it. */
export const verdict = z.strictObject({
  /** The greatest lag that is good; the context's own `maxLag` unless given, else 5s. */
  maxLag: duration.optional(),
  /** The most parked events. */
  parked: z.int().min(0).default(0),
  /** How much more of the extracted service's requests may fail than of the monolith's own, in percentage points. */
  errorRate: z.number().min(0).max(100).default(1),
  /** How many times as long as the monolith's own the service's p95 and p99 may be … */
  latency: z.number().min(1).max(100).default(1.5),
  /** … and how much longer they may be whatever that comes to: nobody sees 3 ms become 9 ms. */
  slack: duration.prefault('20ms'),
  /** The greatest p95 and p99 that are good where the monolith has none of these requests any more; not judged unless given. */
  p95: duration.optional(),
  p99: duration.optional(),
  /** Requests of each side that it takes, at least. */
  minSamples: z.int().min(1).default(100),
  /** The percentages that a canary goes through; after the last one come all reads. */
  steps: z
    .array(z.number().gt(0, 'a percentage above 0').lt(100, 'a percentage below 100'))
    .min(1, 'at least one percentage')
    .refine(
      (steps) => steps.every((step, index) => index === 0 || step > steps[index - 1]!),
      'percentages that rise',
    )
    .default([1, 5, 10, 25, 50]),
});

export type VerdictConfig = z.output<typeof verdict>;

/** The same with nothing left open. Lag in milliseconds, the error rate in percentage points. */
export interface VerdictThresholds extends VerdictConfig {
  readonly maxLag: number;
}

const MAX_LAG = 5_000;

/** What a context is judged by. The lag from which on its reads are the monolith's is none to go on with, either. */
export function thresholdsOf({
  verdict: written,
  maxLag,
}: {
  readonly verdict: VerdictConfig;
  readonly maxLag?: number | undefined;
}): VerdictThresholds {
  return { ...written, maxLag: written.maxLag ?? maxLag ?? MAX_LAG };
}

/** What is judged by where no configuration could be asked. */
export const USUAL_THRESHOLDS: VerdictThresholds = thresholdsOf({ verdict: verdict.parse({}) });
