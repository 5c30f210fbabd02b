import {
  READS_STAGES,
  WRITES_STAGES,
  describeStage,
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
}

/** What is known of the context that is to change. */
export interface ContextFacts {
  readonly name: string;
  /** Whether the configuration says who a canary is sticky for. */
  readonly hasCohort: boolean;
}

/** Whether the writes may move: only on purpose and with a reason. */
export interface WritesConsent {
  readonly unsafe?: boolean | undefined;
  readonly reason?: string | undefined;
}

/** Reads the request, or refuses it with what is allowed. */
export function parseStages(facts: ContextFacts, asked: AskedStages): Partial<ReadsAndWrites> {
  if (asked.reads === undefined && asked.writes === undefined) {
    throw new Refusal(
      'invalid',
      asked.percent === undefined
        ? 'nothing to set: give reads, writes or both'
        : 'a percentage belongs to reads: give reads canary with it',
    );
  }
  return {
    ...(asked.reads === undefined ? {} : { reads: parseReads(facts, asked.reads, asked.percent) }),
    ...(asked.writes === undefined ? {} : { writes: parseWrites(asked.writes) }),
  };
}

function parseReads(facts: ContextFacts, stage: string, percent: number | undefined): ReadsStage {
  if (stage === 'canary') {
    if (percent === undefined) {
      throw new Refusal('invalid', 'canary needs a percentage from 0 to 100');
    }
    if (!(percent >= 0 && percent <= 100)) {
      throw new Refusal('invalid', `a percentage is from 0 to 100; found ${percent}`);
    }
    if (!facts.hasCohort) throw noCohort(facts);
    return { stage, percent };
  }
  if (stage !== 'legacy' && stage !== 'extracted') {
    throw new Refusal('invalid', `reads have no stage '${stage}'; known stages: ${READS_STAGES.join(', ')}`, {
      known: READS_STAGES,
    });
  }
  if (percent !== undefined) {
    throw new Refusal('invalid', `a percentage belongs to canary alone; found reads ${stage}`);
  }
  return { stage };
}

function parseWrites(stage: string): WritesStage {
  if (stage === 'legacy' || stage === 'extracted') return { stage };
  const why = stage === 'canary' ? ': writes move as a whole, never by chance' : '';
  throw new Refusal(
    'invalid',
    `writes have no stage '${stage}'${why}; known stages: ${WRITES_STAGES.join(', ')}`,
    { known: WRITES_STAGES },
  );
}

function noCohort({ name }: ContextFacts): Refusal {
  return new Refusal(
    'invalid',
    `canary needs to know who it is sticky for, and context '${name}' has no cohort; add \`cohort:\` (a cookie or a header) to it in the configuration`,
  );
}

/** The stages after a change, or a refusal when it moves the writes without consent. */
export function stagesAfter(
  facts: ContextFacts,
  current: ReadsAndWrites,
  wanted: Partial<ReadsAndWrites>,
  consent: WritesConsent,
): ReadsAndWrites {
  const after = { reads: wanted.reads ?? current.reads, writes: wanted.writes ?? current.writes };
  refuseWritesMove(facts, current, after, consent);
  return after;
}

/** An undo obeys the rules of a change: the configuration may have changed since, and writes may move by it. */
export function allowUndo(
  facts: ContextFacts,
  current: ReadsAndWrites,
  restored: ReadsAndWrites,
  consent: WritesConsent,
): void {
  if (restored.reads.stage === 'canary' && !facts.hasCohort) throw noCohort(facts);
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
  return describeStage(a.reads) === describeStage(b.reads) && a.writes.stage === b.writes.stage;
}
