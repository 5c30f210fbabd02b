import type { LagHistory } from '../control-plane/client.ts';
import { align, length } from './lag-table.ts';
import { greatest, sparkline, type Spark } from './sparkline.ts';

type Minute = LagHistory['total']['minutes'][number];

const HEADS = ['context', 'oldest', 'most', 'last', 'pending', 'parked', 'unknown', 'not sampled'];
const CONSUMER_HEADS = [
  ...['consumer of', 'end to end', 'most', 'last', 'consumer lag', 'last'],
  ...['unknown', 'not sampled'],
];

/** Places of a line. */
const WIDTH = 60;

/** The history as people read it: a line for each context, the age of its oldest event as bars. */
export function lagHistoryTable(history: LagHistory, context: string | undefined): string {
  const { from, to, contexts, unassigned, total } = history;
  const lines = [
    ...contexts.map(({ name, minutes }) => ({ name, minutes })),
    ...(context === undefined
      ? [
          { name: 'unassigned', ...unassigned },
          { name: 'total', ...total },
        ]
      : []),
  ];
  const each = Math.ceil(total.minutes.length / WIDTH);
  return `${[
    `lag from ${from.slice(0, 16)}Z to ${to.slice(0, 16)}Z; a place is ${each} min, its worst`,
    '',
    ...align([HEADS, ...lines.map(({ name, minutes }) => [name, ...cells(minutes)])]),
    '',
    ...consumerLines(lines.filter(({ name }) => name !== 'total')),
    '? nobody could tell   · nobody looked',
  ].join('\n')}\n`;
}

/** How far the consumers were behind; nothing where none has been seen in all the time. */
function consumerLines(
  lines: readonly { readonly name: string; readonly minutes: readonly Minute[] }[],
): string[] {
  const seen = lines.filter(({ minutes }) =>
    minutes.some(({ consumerLagMs, endToEndMs }) => consumerLagMs !== undefined || endToEndMs !== undefined),
  );
  if (seen.length === 0) return [];
  const rows = seen.map(({ name, minutes }) => {
    const of = (figure: 'consumerLagMs' | 'endToEndMs') =>
      minutes.map(({ [figure]: age }): Spark => (age === undefined ? 'missing' : (age ?? 'unknown')));
    const [own, whole] = [of('consumerLagMs'), of('endToEndMs')];
    const among = (state: Spark) => whole.filter((age) => age === state).length;
    return [
      name,
      ...[sparkline(whole, WIDTH), most(whole, length), told(whole.at(-1)!, length)],
      ...[most(own, length), told(own.at(-1)!, length)],
      ...[`${among('unknown')} min`, `${among('missing')} min`],
    ];
  });
  return [...align([CONSUMER_HEADS, ...rows]), ''];
}

function cells(minutes: readonly Minute[]): string[] {
  const of = (figure: 'oldestAgeMs' | 'pending' | 'parked') =>
    minutes.map(({ sampled, [figure]: value }): Spark => (sampled ? (value ?? 'unknown') : 'missing'));
  const ages = of('oldestAgeMs');
  const among = (state: Spark) => ages.filter((age) => age === state).length;
  return [
    sparkline(ages, WIDTH),
    most(ages, length),
    told(ages.at(-1)!, length),
    most(of('pending'), String),
    most(of('parked'), String),
    `${among('unknown')} min`,
    `${among('missing')} min`,
  ];
}

/** The greatest that is known; where some are unknown, it was that much at least. */
function most(sparks: readonly Spark[], format: (figure: number) => string): string {
  const known = greatest(sparks.filter((spark) => spark !== 'unknown'));
  if (!sparks.includes('unknown')) return told(known, format);
  return known === 'missing' ? 'unknown' : `≥ ${told(known, format)}`;
}

function told(spark: Spark, format: (figure: number) => string): string {
  return spark === 'missing' ? '–' : spark === 'unknown' ? 'unknown' : format(spark);
}
