import { wait } from '../../runtime/wait.ts';
import type { Shoppers } from '../shoppers/start-shoppers.ts';
import { openStage, type StageTally, type Tally } from '../shoppers/tally.ts';
import type { WatchTally } from '../shoppers/watchers.ts';
import type { System } from '../start-system.ts';
import type { Terminal } from '../terminal.ts';
import { binomialInterval } from './binomial.ts';
import { p99 } from './checks.ts';
import { readLags } from './records.ts';

export interface Telling {
  readonly system: System;
  readonly shoppers: Shoppers;
  readonly terminal: Terminal;
  readonly signal: AbortSignal;
  /** Shortest time (milliseconds) that a stage is looked at. */
  readonly pace: number;
  /** Cohorts that must have been seen before a stage ends. */
  readonly cohorts: number;
}

interface Chapter {
  readonly title: string;
  readonly command: readonly string[];
  readonly percent: number;
  /** Asks `banyan route` why one of the shoppers is answered by the service. */
  readonly explained?: boolean;
  /** Asks `banyan status` at the end whether it may go on. */
  readonly judged?: boolean;
}

const SET = ['context', 'set', 'inventory', '--reads'];
const CHAPTERS: readonly Chapter[] = [
  { title: 'All on the monolith', command: ['context', 'list'], percent: 0 },
  {
    title: '10 % of inventory reads on the new service',
    command: [...SET, 'canary', '--percent', '10'],
    percent: 10,
    explained: true,
  },
  { title: '50 %', command: [...SET, 'canary', '--percent', '50'], percent: 50, judged: true },
  { title: '100 %', command: [...SET, 'extracted'], percent: 100 },
  { title: 'Back to the monolith, with one command', command: [...SET, 'legacy'], percent: 0 },
  { title: 'And to the service again: undo', command: ['context', 'undo', 'inventory'], percent: 100 },
];

/** Tells the story while it happens. Returns what was seen at each stage, in order. */
export async function tell(telling: Telling): Promise<StageTally[]> {
  const stages: StageTally[] = [];
  for (const chapter of CHAPTERS) stages.push(await tellChapter(telling, chapter));
  return stages;
}

async function tellChapter(
  telling: Telling,
  { title, command, percent, explained = false, judged = false }: Chapter,
): Promise<StageTally> {
  const { system, shoppers, terminal, signal, pace, cohorts } = telling;
  const { tally } = shoppers;
  terminal.heading(title);
  tally.stage = undefined;
  await system.banyan.show(command);
  const stage = openStage(title, percent);
  tally.stage = stage;
  const until = performance.now() + pace;
  const requests = tally.requests;
  await system.banyan.show(['lag'], true);
  if (explained) {
    const moved = await someoneOnTheService(stage, signal);
    await system.banyan.show(['route', 'GET', '/inventory/banyan', '--cohort', moved]);
  }
  while (performance.now() < until || stage.cohorts.size < cohorts) {
    signal.throwIfAborted();
    await wait(50, signal);
  }
  // After so short a time it may be unknown, which has an exit code of its own.
  if (judged) await system.banyan.show(['status', 'inventory'], true);
  terminal.say(
    summary(stage, tally.requests - requests, tally.failed, p99(await readLags(system.inventory, 0, 5))),
  );
  return stage;
}

async function someoneOnTheService({ cohorts }: StageTally, signal: AbortSignal): Promise<string> {
  for (;;) {
    const found = [...cohorts].find(([, sides]) => sides.has('inventory-service'));
    if (found) return found[0];
    signal.throwIfAborted();
    await wait(50, signal);
  }
}

function summary(stage: StageTally, requests: number, failed: number, lag: number | undefined): string {
  const seen = stage.cohorts.size;
  const moved = [...stage.cohorts.values()].filter((sides) => sides.has('inventory-service')).length;
  const [low, high] = binomialInterval(seen, stage.percent / 100, 0.999);
  return [
    `${number(moved)} of ${number(seen)} cohorts on the service`,
    stage.percent % 100 === 0 ? undefined : `(${low} to ${high} were to be expected)`,
    `· ${number(requests)} requests, ${number(failed)} failed`,
    `· lag p99 ${lag === undefined ? 'unknown' : `${Math.round(lag)} ms`}`,
  ]
    .filter((part) => part !== undefined)
    .join(' ');
}

/** `24 pages were left open through every toggle, with the WebSocket that they began with; 312 more were opened, 0 broke` */
export function openPages({ held, opened, dropped }: WatchTally): string {
  return (
    `${number(held)} pages were left open through every toggle, with the WebSocket that they began with; ` +
    `${number(opened)} more were opened, ${number(dropped.length)} broke`
  );
}

/** `The monolith answered 3 reads in the service's place: identity unknown 2, failed 1`; undefined when it answered none. */
export function steppedIn({ fallbacks }: Tally): string | undefined {
  const all = [...fallbacks.values()].reduce((sum, count) => sum + count, 0);
  if (all === 0) return undefined;
  const why = [...fallbacks].map(([reason, count]) => `${reason} ${number(count)}`);
  return `The monolith answered ${number(all)} ${all === 1 ? 'read' : 'reads'} in the service's place: ${why.join(', ')}`;
}

export const number = (value: number): string => value.toLocaleString('en-US');
