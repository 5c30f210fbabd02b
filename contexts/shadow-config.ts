import { z } from 'zod';
import { duration, size } from './fields.ts';
import { parseJsonPath } from './json-path.ts';

/** A place in a JSON answer; see `parseJsonPath`. */
const place = z.string().superRefine((text, context) => {
  const parsed = parseJsonPath(text);
  if ('mistake' in parsed)
    context.addIssue({
      code: 'custom',
      message: `a JSONPath such as $.items[*].id, or a member's name: ${parsed.mistake}`,
    });
});

const everywhere = z.enum(['timestamps', 'instants', 'uuids']);

const normaliser = z
  .union([
    everywhere,
    z.strictObject({ kind: everywhere, at: place.optional() }),
    z.strictObject({ round: z.int().min(0).max(20), at: place.optional() }),
  ])
  .transform((written) => {
    if (typeof written === 'string') return { kind: written };
    return 'round' in written ? { kind: 'round' as const, ...written } : written;
  });

/** How a context's reads are shadowed: asked of the extracted service too, whose answer only is compared. */
export const shadow = z.strictObject({
  /** Share of the shadowed reads that are compared, 0 to 1. */
  sample: z.number().min(0).max(1).default(0.1),
  /** How long the extracted service may take for a whole answer, and how long a copy may wait before it is sent. */
  timeout: duration.prefault('2s'),
  /** The most of a body that is compared, as sent and decompressed. A longer one is *truncated*, and never equal. */
  maxBody: size.prefault('1MiB'),
  /** Copies that wait to be sent. One more is dropped and counted. */
  queue: z.int().min(1).max(10_000).default(100),
  /** Copies under way at once: connections to the extracted service for them. */
  concurrency: z.int().min(1).max(1_000).default(10),
  /** Fields of the answers that are compared; all others are not. */
  fields: z
    .array(
      z
        .string()
        .regex(/^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/, "a field's name such as location")
        .toLowerCase(),
    )
    .default(['content-type', 'location']),
  /** Places in JSON that aren't compared. */
  ignore: z.array(place).default([]),
  /** Arrays in JSON whose order has no meaning. */
  sets: z.array(place).default([]),
  /** What is brought into one form before it is compared; `at` a place, else everywhere. */
  normalise: z.array(normaliser).default([]),
  /** Places in JSON, and `:name`s of routes, that no example may show. Secrets are never shown. */
  personal: z.array(place).default([]),
  /** A difference so soon after a write of the same cohort is lag, and no mismatch. */
  maxLag: duration.prefault('5s'),
  /** Comparisons older than that don't count in the verdict. */
  window: duration.prefault('24h'),
  /** The verdict is *go* when at least this share of the answers match, at 95 % confidence. */
  minMatch: z.number().min(0).max(1).default(0.99),
  /** Comparisons that a route needs for a verdict. */
  minSamples: z.int().min(1).default(100),
});

export type ShadowConfig = z.output<typeof shadow>;
export type Normaliser = ShadowConfig['normalise'][number];
