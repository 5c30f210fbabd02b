import { describe, expect, it } from 'vitest';
import { Refusal } from '../../control-plane/refusal.ts';
import { describeChange } from '../../control-plane/change-context.ts';
import {
  allowUndo,
  changeToUndo,
  parseStages,
  sameStages,
  stagesAfter,
  type AskedStages,
} from '../../control-plane/stage-rules.ts';
import type { AuditEntry, ReadsAndWrites } from '../../control-plane/store/snapshot-store.ts';

const facts = { name: 'inventory', hasCohort: true };
const legacy: ReadsAndWrites = { reads: { stage: 'legacy' }, writes: { stage: 'legacy' } };
const moved: ReadsAndWrites = { reads: { stage: 'extracted' }, writes: { stage: 'extracted' } };

describe('what somebody asks for', () => {
  it.each([
    [{ reads: 'legacy' }, { reads: { stage: 'legacy' } }],
    [{ reads: 'shadow' }, { reads: { stage: 'shadow' } }],
    [{ reads: 'extracted' }, { reads: { stage: 'extracted' } }],
    [{ reads: 'retired' }, { reads: { stage: 'retired' } }],
    [{ reads: 'canary', percent: 0 }, { reads: { stage: 'canary', percent: 0 } }],
    [{ reads: 'canary', percent: 12.5 }, { reads: { stage: 'canary', percent: 12.5 } }],
    [{ reads: 'canary', percent: 100 }, { reads: { stage: 'canary', percent: 100 } }],
    [{ writes: 'extracted' }, { writes: { stage: 'extracted' } }],
    [{ writes: 'retired' }, { writes: { stage: 'retired' } }],
  ])('is read: %j', (asked, wanted) => {
    expect(parseStages(facts, asked)).toEqual(wanted);
  });

  it.each([
    [
      { reads: 'mirror' },
      "reads have no stage 'mirror'; known stages: legacy, shadow, canary, extracted, retired",
    ],
    [{ writes: 'open' }, "writes have no stage 'open'; known stages: legacy, extracted, retired"],
    [{ writes: 'canary' }, 'writes move as a whole, never by chance'],
    [{ writes: 'shadow' }, 'a write is never sent twice'],
    [{ reads: 'canary' }, 'canary needs a percentage from 0 to 100'],
    [{ reads: 'canary', percent: 100.1 }, 'a percentage is from 0 to 100; found 100.1'],
    [{ reads: 'canary', percent: -1 }, 'a percentage is from 0 to 100; found -1'],
    [{ reads: 'canary', percent: Number.NaN }, 'a percentage is from 0 to 100; found NaN'],
    [{ reads: 'extracted', percent: 5 }, 'a percentage belongs to canary alone; found reads extracted'],
    [{ reads: 'shadow', percent: 5 }, 'a percentage belongs to canary alone; found reads shadow'],
    [{ reads: 'retired', percent: 5 }, 'a percentage belongs to canary alone; found reads retired'],
    [{ percent: 5 }, 'a percentage belongs to reads'],
    [{}, 'nothing to set: give reads, writes or both'],
  ])('is refused with what is allowed: %j', (asked, message) => {
    expect(() => parseStages(facts, asked)).toThrow(message);
    expect(() => parseStages(facts, asked)).toThrow(Refusal);
  });

  it('is refused with all its mistakes at once', () => {
    const nobody = { ...facts, hasCohort: false };
    const asked = { reads: 'canary', writes: 'open', percent: 120 };
    expect(() => parseStages(nobody, asked)).toThrow(
      /^a percentage is from 0 to 100; found 120; canary needs to know .* has no cohort; .*; writes have no stage 'open'; known stages: legacy, extracted, retired$/,
    );
    expect(() => parseStages(facts, { reads: 'bananas', percent: 120 })).toThrow(
      /^reads have no stage 'bananas'; known stages: .*; a percentage is from 0 to 100; found 120$/,
    );
  });

  it('is no canary where the configuration says not who it is sticky for', () => {
    const asked = { reads: 'canary', percent: 10 };
    expect(() => parseStages({ ...facts, hasCohort: false }, asked)).toThrow(
      "context 'inventory' has no cohort; add `cohort:`",
    );
  });
});

describe('the lists of a canary', () => {
  const listed: ReadsAndWrites = {
    ...legacy,
    reads: { stage: 'canary', percent: 5, include: ['a', 'b'], exclude: ['vip'] },
  };
  const after = (asked: AskedStages, current = listed) =>
    stagesAfter(facts, current, parseStages(facts, asked), {}).reads;

  it('stay when the percentage is raised, and change one by one', () => {
    expect(after({ reads: 'canary', percent: 50 })).toEqual({ ...listed.reads, percent: 50 });
    expect(after({ reads: 'canary', percent: 5, exclude: [] })).toEqual({
      stage: 'canary',
      percent: 5,
      include: ['a', 'b'],
    });
    expect(after({ reads: 'canary', percent: 5, include: ['c', 'b', 'c'] })).toEqual({
      ...listed.reads,
      include: ['b', 'c'],
    });
  });

  it('end with the canary', () => {
    expect(after({ reads: 'legacy' })).toEqual({ stage: 'legacy' });
    expect(after({ reads: 'canary', percent: 5 }, legacy)).toEqual({ stage: 'canary', percent: 5 });
  });

  it('are a change of their own, whatever their order', () => {
    const reads = { stage: 'canary', percent: 5, include: ['b', 'a'], exclude: ['vip'] } as const;
    expect(sameStages(listed, { ...listed, reads })).toBe(true);
    expect(sameStages(listed, { ...listed, reads: { ...reads, include: ['a'] } })).toBe(false);
    expect(sameStages(listed, { ...listed, reads: { ...reads, exclude: [] } })).toBe(false);
    expect(describeChange(listed, { ...listed, reads: { ...reads, include: ['a'] } })).toBe(
      'reads canary 5 % with a, b, without vip → canary 5 % with a, without vip',
    );
  });

  it.each([
    [{ reads: 'extracted', include: ['a'] }, 'include and exclude belong to canary alone'],
    [{ exclude: ['a'] }, 'include and exclude belong to canary alone'],
    [{ reads: 'canary', percent: 5, include: ['vip'] }, 'included and excluded at once: vip'],
  ])('are refused: %j', (asked, message) => {
    expect(() => after(asked)).toThrow(message);
  });

  it('rest on no claim that nobody has verified, after an undo either', () => {
    const claimed = { ...facts, unverified: true };
    const asked = { reads: 'canary', percent: 5, include: ['a'] };
    expect(() => parseStages(claimed, asked)).toThrow('can’t rest on a claim of a JWT');
    expect(parseStages(claimed, { reads: 'canary', percent: 5 })).toEqual({
      reads: { stage: 'canary', percent: 5 },
    });
    expect(() => allowUndo(claimed, legacy, listed, {})).toThrow('can’t rest on a claim of a JWT');
  });
});

describe('moving the writes', () => {
  const retired: ReadsAndWrites = { reads: { stage: 'retired' }, writes: { stage: 'retired' } };
  const there = { from: legacy, to: { writes: moved.writes } };
  const back = { from: moved, to: { writes: legacy.writes } };

  it.each([
    ['to the service', there, {}],
    ['back to the monolith', back, {}],
    ['into retirement', { from: moved, to: { writes: retired.writes } }, {}],
    ['out of retirement', { from: retired, to: { writes: moved.writes } }, {}],
    ['without a reason', there, { unsafe: true }],
    ['with a reason of spaces', there, { unsafe: true, reason: '  ' }],
    ['with a reason alone', there, { reason: 'because' }],
  ])('is refused %s', (_how, { from, to }, consent) => {
    expect(() => stagesAfter(facts, from, to, consent)).toThrow(
      /moving the writes of 'inventory' from \w+ to \w+/,
    );
  });

  it('is done on purpose and with a reason, in both directions', () => {
    const consent = { unsafe: true, reason: 'the night of the move' };
    expect(stagesAfter(facts, legacy, there.to, consent)).toEqual({ ...legacy, writes: moved.writes });
    expect(stagesAfter(facts, moved, back.to, consent)).toEqual({ ...moved, writes: legacy.writes });
    expect(stagesAfter(facts, moved, retired, consent)).toEqual(retired);
  });

  it('needs no consent for what stays where it is', () => {
    expect(stagesAfter(facts, moved, { ...legacy, writes: moved.writes }, {})).toEqual({
      reads: legacy.reads,
      writes: moved.writes,
    });
  });
});

describe('an undo', () => {
  const canary: ReadsAndWrites = { ...legacy, reads: { stage: 'canary', percent: 10 } };

  it('obeys the rule for moving writes', () => {
    expect(() => allowUndo(facts, moved, legacy, {})).toThrow('moving the writes');
    expect(() => allowUndo(facts, moved, legacy, { unsafe: true, reason: 'back' })).not.toThrow();
  });

  it('brings no canary back whose cohort the configuration has lost', () => {
    expect(() => allowUndo({ ...facts, hasCohort: false }, legacy, canary, {})).toThrow('has no cohort');
    expect(() => allowUndo(facts, legacy, canary, {})).not.toThrow();
  });

  const entries = (...actions: AuditEntry['action'][]) =>
    actions.map((action, index) => ({ action, revision: index + 1 }) as AuditEntry).toReversed();

  it.each([
    [['first'], undefined],
    [['first', 'set'], 2],
    [['first', 'set', 'undo'], undefined],
    [['first', 'set', 'set', 'undo'], 2],
    [['first', 'set', 'set', 'undo', 'set'], 5],
    [['first', 'set', 'set', 'undo', 'set', 'undo'], 2],
    [['first', 'set', 'set', 'undo', 'undo'], undefined],
    [['first', 'set', 'set', 'set', 'undo', 'undo', 'set', 'undo'], 2],
  ] as [AuditEntry['action'][], number | undefined][])(
    'after %j takes back revision %s',
    (actions, revision) => {
      expect(changeToUndo(entries(...actions))?.revision).toBe(revision);
    },
  );
});
