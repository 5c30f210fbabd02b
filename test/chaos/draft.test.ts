import { expect, test } from 'vitest';
import { drawDraft } from './draft.ts';
import { seeded } from './seeded.ts';

const drafts = (seed: number, writer = 'writer 0') => {
  const random = seeded(seed, writer);
  return Array.from({ length: 2_000 }, () => drawDraft(random));
};

test('a writer of the same seed writes the same transactions again; of another seed, or another writer, others', () => {
  expect(drafts(7)).toEqual(drafts(7));
  expect(drafts(8)).not.toEqual(drafts(7));
  expect(drafts(7, 'writer 1')).not.toEqual(drafts(7));
});

test('among them are rollbacks, transactions open for seconds, hot keys and several keys, locked in one order', () => {
  const drawn = drafts(7);
  const names = drawn.map(({ keys }) => keys.map(({ name }) => name));
  for (const ofOne of names) expect(ofOne).toEqual([...new Set(ofOne)].toSorted());
  expect(drawn.filter(({ rollback }) => rollback).length).toBeGreaterThan(50);
  expect(drawn.some(({ pauses }) => pauses.every((pause) => pause >= 1_000))).toBe(true);
  expect(names.filter((ofOne) => ofOne.some((name) => name.startsWith('hot'))).length).toBeGreaterThan(400);
  expect(names.filter(({ length }) => length > 1).length).toBeGreaterThan(400);
});
