import { expect, test } from 'vitest';
import type { RulePlayed } from './play-rule.ts';
import { rulesHold, rulesTable } from './rules-table.ts';

const played: RulePlayed = {
  rule: 5,
  title: 'Unknown outcome',
  instead: 'go on',
  harm: '3 events lost',
  after: 1_240,
  control: undefined,
};

test('a rule holds when its harm is found without it, and nothing with it', () => {
  expect(rulesHold([played])).toBe(true);
  expect(rulesHold([played, { ...played, harm: undefined }])).toBe(false);
  expect(rulesHold([played, { ...played, control: '1 event lost' }])).toBe(false);
});

test('the table says rule, what relays do without it, what was found, how soon, and what was found with it', () => {
  const row = (found: Partial<RulePlayed>) => rulesTable([{ ...played, ...found }]).split('\n')[2];
  expect(row({})).toBe('| 5. Unknown outcome | go on | 3 events lost | 1.2 s | nothing |');
  expect(row({ harm: undefined })).toContain('| NOTHING FOUND |');
  expect(row({ control: '1 event lost' })).toContain('| 1 event lost |');
});
