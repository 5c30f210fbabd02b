import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { explore, toldAsSteps } from './explore.ts';
import { RULES, type Rule } from './protocol.ts';

test('with every rule nothing is lost, inverted or starved, and late records stay within the hand-overs, whatever happens when', () => {
  const found = explore();
  process.stdout.write(`model: ${found.states} states, ${found.steps} steps\n`);
  expect(found.violation).toBeUndefined();
  expect(found.states).toBeGreaterThan(40_000);
});

const BREAKS: Readonly<Record<Rule, RegExp>> = {
  1: /^lost/,
  2: /^late records of key .*hand-overs: 0$/,
  3: /^inverted/,
  4: /^late records of key .*: 2, hand-overs: 1$/,
  5: /^lost/,
  6: /^starved/,
};

test.each(RULES)('without rule %i it finds a shortest way to harm, and the docs tell it', (rule) => {
  const found = explore(rule);
  expect(found.violation?.broken).toMatch(BREAKS[rule]);
  const docs = readFileSync(new URL('../../../docs/chaos.md', import.meta.url), 'utf8');
  expect(docs).toContain(toldAsSteps(found));
});
