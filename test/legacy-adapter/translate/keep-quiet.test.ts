import { expect, test } from 'vitest';
import { keepQuiet } from '../../../legacy-adapter/translate/keep-quiet.ts';
import type { RowChange, Translate } from '../../../legacy-adapter/translate/row-change.ts';

const change: RowChange = { op: 'insert', table: 'people', before: null, after: { name: 'Ada' } };
const key = { aggregateType: 'person', aggregateId: '1' };

const thrownBy = (translate: Translate): Error => {
  try {
    keepQuiet(translate)(change, key);
  } catch (error) {
    return error as Error;
  }
  throw new Error('nothing was thrown');
};

test('of what a translation throws the kind of error is kept, and nothing that it says', () => {
  const thrown = thrownBy(({ after }) => {
    throw new RangeError(`no city for ${String(after?.['name'])}`);
  });
  expect(thrown.message).toBe('RangeError; what it said is not kept, because columns of it are personal');
  expect(thrown.cause).toBeUndefined();
  expect(
    thrownBy(({ after }) => {
      throw after?.['name'];
    }).message,
  ).toMatch(/^string;/);
});

test('what it returns is passed on', () => {
  const event = { type: 'PersonNamed', data: {} };
  expect(keepQuiet(() => event)(change, key)).toBe(event);
  expect(keepQuiet(() => undefined)(change, key)).toBeUndefined();
});
