import { readFileSync } from 'node:fs';
import { parse } from 'yaml';
import { z } from 'zod';

const price = z.number().min(0);

/** What a stream costs, in one currency. A KB has 1,024 bytes, a GB 1,024³, as on AWS' page of prices. */
const prices = z.strictObject({
  region: z.string().min(1),
  /** Of the prices, `2025-11`. */
  date: z.string().min(1),
  source: z.string().min(1),
  currency: z.string().min(1),
  /** Hours that a month is counted as. */
  hoursPerMonth: z.number().min(1).default(730),
  provisioned: z.strictObject({
    shardHour: price,
    /** A million PUT payload units: each record counts as one for every 25 KB begun. */
    millionPutUnits: price,
  }),
  onDemand: z.strictObject({
    streamHour: price,
    /** A GB written; each record is rounded up to a KB. */
    gigabyteIn: price,
    /** A GB read by one consumer, with shared throughput. */
    gigabyteOut: price,
  }),
});
export type StreamPrices = z.output<typeof prices>;

/** The list prices that are used unless others are given. */
export const LIST_PRICES: StreamPrices = {
  region: 'us-east-1',
  date: '2025-11',
  source: 'https://aws.amazon.com/kinesis/data-streams/pricing/',
  currency: 'USD',
  hoursPerMonth: 730,
  provisioned: { shardHour: 0.015, millionPutUnits: 0.014 },
  onDemand: { streamHour: 0.04, gigabyteIn: 0.08, gigabyteOut: 0.04 },
};

/** Prices from a YAML or JSON file. Throws with every mistake in it. */
export function readPrices(file: string): StreamPrices {
  const parsed = prices.safeParse(parse(readFileSync(file, 'utf8')));
  if (parsed.success) return parsed.data;
  throw new Error(
    `${file} is no table of prices:\n${z.prettifyError(parsed.error)}\nRequired is what \`banyan stream prices\` prints, with your figures`,
  );
}
