import { expect, test } from 'vitest';
import { lineFor, parseKillLines } from '../../../gateway/kill/kill-lines.ts';

test('a line is a context or all, a consent, and a reason behind #', () => {
  expect(
    parseKillLines(
      'inventory\n\n  # a reason alone\norders hold-writes # too slow\r\n* --accept-loss\n--all #\n',
    ),
  ).toEqual({
    lines: [
      { context: 'inventory', action: 'kill', consent: undefined, reason: undefined },
      { context: 'orders', action: 'kill', consent: 'hold-writes', reason: 'too slow' },
      { context: '*', action: 'kill', consent: 'accept-loss', reason: undefined },
      { context: '*', action: 'kill', consent: undefined, reason: undefined },
    ],
    mistakes: [],
  });
});

test('a word that means nothing is named, and the context counts all the same', () => {
  expect(parseKillLines('inventory now\norders hold-writes please')).toEqual({
    lines: [
      { context: 'inventory', action: 'kill', consent: undefined, reason: undefined },
      { context: 'orders', action: 'kill', consent: 'hold-writes', reason: undefined },
    ],
    mistakes: [
      "line 1 is 'inventory now'; required: a context or *, then accept-loss, hold-writes, release or nothing",
      "line 2 is 'orders hold-writes please'; required: a context or *, then accept-loss, hold-writes, release or nothing",
    ],
  });
});

test('of several lines on a context the first counts, and its own before all', () => {
  const { lines } = parseKillLines('* accept-loss\ninventory release # over\ninventory');
  expect(lineFor(lines, 'inventory')).toEqual({
    ...{ context: 'inventory', action: 'release', consent: undefined, reason: 'over' },
  });
  expect(lineFor(lines, 'orders')).toMatchObject({ context: '*', consent: 'accept-loss' });
  expect(lineFor([], 'orders')).toBe(undefined);
});
