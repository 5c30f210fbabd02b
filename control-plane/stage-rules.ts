import {
  READS_STAGES,
  WRITES_STAGES,
  UNVERIFIED,
  sameStage,
  type ReadsStage,
  type WritesStage,
} from '../contexts/index.ts';
import { Refusal } from './refusal.ts';
import type { AuditEntry, ReadsAndWrites } from './store/snapshot-store.ts';

/** What somebody asks for, unchecked: the words and numbers of a request. What is left out stays as it is. */
export interface AskedStages {
  readonly reads?: string | undefined;
  readonly writes?: string | undefined;
  readonly percent?: number | undefined;
  /** Lists of a canary; an empty one takes away what was listed. */
  readonly include?: readonly string[] | undefined;
  readonly exclude?: readonly string[] | undefined;
}

/** What is known of the context that is to change. */
export interface ContextFacts {
  readonly name: string;
  /** Whether the configuration says who a canary is sticky for. */
  readonly hasCohort: boolean;
  /** Whether the cohort is a claim that nobody verifies, so that no list can rest on it. */
  readonly unverified?: boolean | undefined;
}

/** Whether the writes may move: only on purpose and with a reason. */
export interface WritesConsent {
  readonly unsafe?: boolean | undefined;
  readonly reason?: string | undefined;
}

interface Mistake {
  readonly message: string;
  /** The stages that there are, where an unknown one was named. */
  readonly known?: readonly string[];
}

/** Reads the request, or refuses it with all its mistakes and what is allowed. */
export function parseStages(facts: ContextFacts, asked: AskedStages): Partial<ReadsAndWrites> {
  const { reads, writes, percent, include, exclude } = asked;
  const lists = include !== undefined || exclude !== undefined;
  const mistakes = [
    ...(reads === undefined && writes === undefined && percent === undefined && !lists
      ? [{ message: 'nothing to set: give reads, writes or both' }]
      : []),
    ...(reads === undefined && percent !== undefined
      ? [{ message: 'a percentage belongs to reads: give reads canary with it' }]
      : []),
    ...(lists && reads !== 'canary'
      ? [
          {
            message:
              'include and exclude belong to canary alone: give reads canary and its percentage with them',
          },
        ]
      : []),
    ...(facts.unverified && reads === 'canary' && (include?.length || exclude?.length)
      ? [{ message: UNVERIFIED }]
      : []),
    ...(reads === undefined ? [] : mistakesOfReads(facts, reads, percent)),
    ...(writes === undefined ? [] : mistakesOfWrites(writes)),
  ];
  const [first, ...others] = mistakes;
  if (first)
    throw new Refusal(
      'invalid',
      mistakes.map(({ message }) => message).join('; '),
      first.known && others.length === 0 ? { known: first.known } : {},
    );
  return {
    ...(reads === undefined ? {} : { reads: stageOf(reads, asked) }),
    ...(writes === undefined ? {} : { writes: { stage: writes } as WritesStage }),
  };
}

function mistakesOfReads(facts: ContextFacts, stage: string, percent: number | undefined): Mistake[] {
  const inRange = percent === undefined || (percent >= 0 && percent <= 100);
  const range = inRange ? [] : [{ message: `a percentage is from 0 to 100; found ${percent}` }];
  switch (stage) {
    case 'canary':
      return [
        ...(percent === undefined ? [{ message: 'canary needs a percentage from 0 to 100' }] : range),
        ...(facts.hasCohort ? [] : [{ message: noCohort(facts) }]),
      ];
    case 'legacy':
    case 'shadow':
    case 'extracted':
    case 'retired':
      return percent === undefined
        ? []
        : [{ message: `a percentage belongs to canary alone; found reads ${stage}` }];
    default:
      return [
        {
          message: `reads have no stage '${stage}'; known stages: ${READS_STAGES.join(', ')}`,
          known: READS_STAGES,
        },
        ...range,
      ];
  }
}

function stageOf(reads: string, { percent, include, exclude }: AskedStages): ReadsStage {
  if (reads !== 'canary') return { stage: reads } as ReadsStage;
  return { stage: reads, percent: percent!, ...(include && { include }), ...(exclude && { exclude }) };
}

function mistakesOfWrites(stage: string): Mistake[] {
  if ((WRITES_STAGES as readonly string[]).includes(stage)) return [];
  const why = WHY_NOT[stage] ?? '';
  return [
    {
      message: `writes have no stage '${stage}'${why}; known stages: ${WRITES_STAGES.join(', ')}`,
      known: WRITES_STAGES,
    },
  ];
}

/** Why writes have not every stage of the reads. */
const WHY_NOT: Readonly<Record<string, string>> = {
  canary: ': writes move as a whole, never by chance',
  shadow: ': a write is never sent twice',
};

function noCohort({ name }: ContextFacts): string {
  return `canary needs to know who it is sticky for, and context '${name}' has no cohort; add \`cohort:\` (a cookie, a header, …) to it in the configuration`;
}

/** The stages after a change, or a refusal when it moves the writes without consent. */
export function stagesAfter(
  facts: ContextFacts,
  current: ReadsAndWrites,
  wanted: Partial<ReadsAndWrites>,
  consent: WritesConsent,
): ReadsAndWrites {
  const reads = wanted.reads ? withLists(current.reads, wanted.reads) : current.reads;
  const after = { reads, writes: wanted.writes ?? current.writes };
  refuseWritesMove(facts, current, after, consent);
  return after;
}

/** A canary keeps the lists that it has, unless others are given; so raising the percentage moves no listed one. */
function withLists(current: ReadsStage, wanted: ReadsStage): ReadsStage {
  if (wanted.stage !== 'canary') return wanted;
  const kept = current.stage === 'canary' ? current : undefined;
  const include = tidy(wanted.include ?? kept?.include);
  const exclude = tidy(wanted.exclude ?? kept?.exclude);
  const both = include.filter((entry) => exclude.includes(entry));
  if (both.length > 0)
    throw new Refusal('invalid', `included and excluded at once: ${both.slice(0, 3).join(', ')}`);
  return {
    stage: 'canary',
    percent: wanted.percent,
    ...(include.length > 0 ? { include } : {}),
    ...(exclude.length > 0 ? { exclude } : {}),
  };
}

const tidy = (list: readonly string[] = []) => [...new Set(list)].toSorted();

/** An undo obeys the rules of a change: the configuration may have changed since, and writes may move by it. */
export function allowUndo(
  facts: ContextFacts,
  current: ReadsAndWrites,
  restored: ReadsAndWrites,
  consent: WritesConsent,
): void {
  if (restored.reads.stage === 'canary') {
    if (!facts.hasCohort) throw new Refusal('invalid', noCohort(facts));
    const { include, exclude } = restored.reads;
    if (facts.unverified && (include?.length || exclude?.length)) throw new Refusal('invalid', UNVERIFIED);
  }
  refuseWritesMove(facts, current, restored, consent);
}

function refuseWritesMove(
  { name }: ContextFacts,
  current: ReadsAndWrites,
  after: ReadsAndWrites,
  { unsafe, reason }: WritesConsent,
): void {
  if (current.writes.stage === after.writes.stage) return;
  if (unsafe && reason?.trim()) return;
  const missing = unsafe ? 'a reason is missing' : 'it is not safe while writes and events are in flight';
  throw new Refusal(
    'writes-move',
    `moving the writes of '${name}' from ${current.writes.stage} to ${after.writes.stage} is refused: ${missing}`,
    { from: current.writes.stage, to: after.writes.stage },
  );
}

/**
 * The change that an undo takes back: the newest `set` that no later `undo` has taken back. `history` is the
 * context's audit, the newest first.
 */
export function changeToUndo(history: readonly AuditEntry[]): AuditEntry | undefined {
  let undone = 0;
  for (const entry of history) {
    if (entry.action === 'undo') undone++;
    else if (entry.action === 'set' && undone-- === 0) return entry;
  }
  return undefined;
}

/** Whether two pairs of stages are the same. */
export function sameStages(a: ReadsAndWrites, b: ReadsAndWrites): boolean {
  return sameStage(a.reads, b.reads) && sameStage(a.writes, b.writes);
}
