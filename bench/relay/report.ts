import { aligned, whole } from '../gateway/report.ts';
import type { Spread } from '../gateway/ratios.ts';
import type { Row } from './ratios.ts';

/** The rows as people read them; the slowest and the fastest round in brackets. */
export function table(rows: readonly Row[]): string {
  const lines = rows.map(({ scenario, who, perSecond, cpu, queriesPerEvent, rss }) => [
    scenario,
    who,
    `${whole(perSecond.median)} (${whole(perSecond.min)}..${whole(perSecond.max)})`,
    cpu.median.toFixed(1),
    queriesPerEvent.median.toFixed(3),
    whole(rss.median / 1e6),
  ]);
  return aligned([['scenario', 'sender', 'events/s', 'CPU µs/event', 'queries/event', 'RSS MB'], ...lines]);
}

/** A figure with its spread, and what it must be. */
export function line(name: string, found: Spread | undefined, target: string): string {
  if (!found) return `${name.padEnd(16)} not measured`;
  const show = (value: number) => value.toPrecision(3);
  return `${name.padEnd(16)} ${show(found.median)}  (${show(found.min)}..${show(found.max)})  target ${target}`;
}
