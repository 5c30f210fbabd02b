import type { Row, Spread } from './ratios.ts';

/** The rows as people read them; the best and the worst round in brackets where they matter. */
export function table(rows: readonly Row[]): string {
  const lines = rows.map((row) => [
    row.scenario,
    row.proxy,
    `${whole(row.perSecond.median)}`,
    `${whole(row.perCpuSecond.median)} (${whole(row.perCpuSecond.min)}..${whole(row.perCpuSecond.max)})`,
    row.p50.median.toFixed(2),
    row.p99.median.toFixed(2),
    row.cpu.median.toFixed(1),
    (row.rss.median / 1e6).toFixed(0),
    [
      row.busy.median < 0.9 ? `used ${whole(row.busy.median * 100)} % of its core` : '',
      row.failed > 0 ? `${row.failed} failed` : '',
    ]
      .filter((word) => word !== '')
      .join(', '),
  ]);
  return aligned([
    ['scenario', 'proxy', 'req/s', 'req/CPU-s', 'p50 ms', 'p99 ms', 'CPU µs', 'RSS MB', ''],
    ...lines,
  ]);
}

/** A ratio with its spread and, where there is one, the target that it must reach. */
export function ratioLine(name: string, found: Spread | undefined, target: string): string {
  if (!found) return `${name.padEnd(16)} not measured`;
  const { median, min, max } = found;
  return `${name.padEnd(16)} ${median.toFixed(2)}  (${min.toFixed(2)}..${max.toFixed(2)})  target ${target}`;
}

/** Bytes. */
export interface Memory {
  readonly requests: number;
  readonly first: number;
  readonly last: number;
}

export function memoryLine({ requests, first, last }: Memory): string {
  const [before, after] = [first, last].map((bytes) => `${whole(bytes / 1e6)} MB`);
  return `memory over ${whole(requests)} requests: ${before} after the first tenth, ${after} at the end`;
}

/** Columns of equal width: the first two to the left, the others to the right. */
export function aligned(lines: readonly (readonly string[])[]): string {
  const widths = lines[0]!.map((_, column) => Math.max(...lines.map((line) => line[column]!.length)));
  return lines
    .map((line) =>
      line
        .map((cell, column) => (column < 2 ? cell.padEnd(widths[column]!) : cell.padStart(widths[column]!)))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

export function whole(value: number): string {
  return Math.round(value).toLocaleString('en');
}
