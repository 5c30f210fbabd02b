import { describeStage, time, type Criterion, type LastChange, type NextStep } from '../../contexts/index.ts';
import { describeChange } from '../../control-plane/client.ts';
import { formatTable } from '../format-table.ts';
import type { JudgedContext } from './judge.ts';

/** Columns that a screen has at least. */
const WIDTH = 100;
/** Reasons that are shown; the others are in the table all the same. */
const REASONS = 5;
const HEADS = ['criterion', 'outcome', 'reading', 'required', 'evidence'];

/** One context on one screen, at most 24 lines of 100 columns: the verdict, what it rests on, what to type next. */
export function formatContext(judged: JudgedContext, now: number): string {
  const { verdict, criteria, evidence, next } = judged;
  const { context, reads, writes, states, lastChange } = evidence;
  const since = states.map(({ state }) => state.sinceMs);
  const reasons = criteria.filter(({ outcome }) => outcome === 'no-go' || outcome === 'unknown');
  const lines = [
    `${context}: ${verdict} · reads ${describeStage(reads)}, writes ${describeStage(writes)}` +
      (since.length > 0 ? ` · seen so for ${time(Math.min(...since))}` : ''),
    `last change: ${'unknown' in lastChange ? `unknown, ${lastChange.unknown}` : lastChange.known ? formatChange(lastChange.known, now) : 'none'}`,
    '',
    ...formatTable(HEADS, criteria.map(row)).trimEnd().split('\n'),
    ...(reasons.length > 0 ? [''] : []),
    ...reasons.slice(0, REASONS).map(({ name, why }) => `! ${name}: ${why}`),
    '',
  ];
  // The commands are never cut: they are there to be copied.
  return `${[...lines.map(cut), ...formatNext(next)].join('\n')}\n`;
}

/** What is there to be typed, first and alone on its line up to the reason. */
export function formatNext({ command, why, or }: NextStep): string[] {
  return [
    command === undefined ? `next: ${why}` : `next: ${command}   (${why})`,
    ...(or ? [`  or: ${or.command}   (${or.why})`] : []),
  ];
}

/** `3 min ago, set by ada: reads shadow → canary 10 % ("looks good")`. */
export function formatChange(
  { at, actor, action, before, after, reason }: Omit<LastChange, 'revision'>,
  now: number,
): string {
  const change = before && after ? `: ${describeChange(before, after)}` : '';
  // The store's clock may be ahead of this host's.
  const ago = time(Math.max(0, now - Date.parse(at)));
  return `${ago} ago (${at.slice(0, 19)}Z), ${action} by ${actor}${change}${reason ? ` (${reason})` : ''}`;
}

function row({ name, outcome, reading, required, evidence }: Criterion): string[] {
  return [name, outcome === 'none' ? '–' : outcome, reading, required, evidence];
}

export function cut(line: string): string {
  const characters = [...line.replaceAll(/[\p{Cc}\p{Cf}]/gu, ' ')];
  return characters.length <= WIDTH ? characters.join('') : `${characters.slice(0, WIDTH - 1).join('')}…`;
}
