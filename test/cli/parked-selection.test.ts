import { expect, test } from 'vitest';
import { checkSelection } from '../../cli/parked/choose.ts';

test.each<[Parameters<typeof checkSelection>[0], RegExp]>([
  [{ ids: [] }, /no event is named; .* or --all$/],
  [{ ids: ['1'], all: true }, /ids and --all exclude each other/],
  [{ ids: ['1'], key: 'order:7' }, /ids and --type and --key exclude each other/],
  [{ ids: [], type: 'T', all: true }, /exclude each other/],
  [{ ids: ['order:7', '5'] }, /an id is a whole number.*not order:7$/],
])('which events are meant is said in one way: not %j', (selection, message) => {
  expect(() => checkSelection(selection, 'redrive')).toThrow(message);
});

test.each([{ ids: ['1', '22'] }, { ids: [], key: 'order:7', type: 'T' }, { ids: [], all: true }])(
  'in one way it is: %j',
  (selection) => expect(() => checkSelection(selection, 'redrive')).not.toThrow(),
);
