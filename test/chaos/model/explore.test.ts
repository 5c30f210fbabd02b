import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { explore, toldAsSteps } from './explore.ts';
import { RULES, type Rule } from './protocol.ts';
import { search, type Step } from './search.ts';

test('with every rule nothing is lost, inverted, starved or stuck, and each hand-over has one late record of a key at most, whatever happens when', () => {
  const found = explore();
  process.stdout.write(`model: ${found.states} states, ${found.steps} steps\n`);
  expect(found.violation).toBeUndefined();
  expect(found.states).toBeGreaterThan(200_000);
});

const BREAKS: Readonly<Record<Rule, RegExp>> = {
  1: /^lost/,
  2: /^late records of key . from . of epoch 0: 1, allowed: 0$/,
  3: /^inverted/,
  4: /^late records of key . from . of epoch 1: 2, allowed: 1$/,
  5: /^lost/,
  6: /^starved/,
};

test.each(RULES)('without rule %i it finds a shortest way to harm, and the docs tell it', (rule) => {
  const found = explore(rule);
  expect(found.violation?.broken).toMatch(BREAKS[rule]);
  const docs = readFileSync(new URL('../../../docs/chaos.md', import.meta.url), 'utf8');
  expect(docs).toContain(toldAsSteps(found));
});

/** Numbers from 0 on, in steps of 2 or 3; at `trap` it goes no further. */
const numbers =
  (trap: number) =>
  (state: number): Step<number>[] =>
    state === trap || state > 12
      ? []
      : [2, 3].map((by) => ({
          label: `+${by}`,
          next: state + by,
          broken: state + by === 12 ? 'twelve' : undefined,
        }));

test('the search finds a nearest harm, and the nearest state from which there is no way to the goal', () => {
  expect(search<number>(0, numbers(-1), String).violation).toEqual({
    broken: 'twelve',
    trace: ['+3', '+3', '+3', '+3'],
  });
  const goal = { goal: (state: number) => state === 11, broken: 'stuck' };
  expect(
    search<number>(0, (state) => numbers(5)(state).filter(({ broken }) => !broken), String, goal).violation,
  ).toEqual({
    broken: 'stuck',
    trace: ['+2', '+3'],
  });
});
