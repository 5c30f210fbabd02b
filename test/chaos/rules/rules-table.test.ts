import { existsSync } from 'node:fs';
import { expect, test } from 'vitest';
import { documentedRules } from './documented-rules.ts';
import type { RulePlayed } from './play-rule.ts';
import { RULES_OFF } from './rules-off.ts';
import { rulesHold, rulesTable } from './rules-table.ts';
import { standInsOf } from './stand-ins-of.ts';

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

test("docs/guarantees.md has a row for each rule, in the scenes' words, with what was found how soon on both databases", () => {
  const rows = documentedRules();
  expect(rows.map(({ name, instead }) => [name, instead])).toEqual(
    RULES_OFF.map(({ rule, title, instead }) => [`${rule}. ${title}`, instead]),
  );
  for (const { found, after, control } of rows) {
    expect(found).not.toBe('');
    expect(after).toEqual([expect.stringMatching(/^\d+\.\d s$/), expect.stringMatching(/^\d+\.\d s$/)]);
    expect(control).toBe('nothing');
  }
});

test('a rule is off by modules, each of which stands in for one of the product', () => {
  for (const { rule } of RULES_OFF) {
    expect(standInsOf(rule).length).toBeGreaterThan(0);
    for (const path of standInsOf(rule))
      expect(existsSync(new URL(`../../../${path}`, import.meta.url)), path).toBe(true);
  }
});
