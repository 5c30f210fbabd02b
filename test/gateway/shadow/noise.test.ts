import { expect, test } from 'vitest';
import { answerRules } from '../../../gateway/shadow/answer-rules.ts';
import { judgeSample } from '../../../gateway/shadow/judge-sample.ts';
import { openNoise } from '../../../gateway/shadow/noise.ts';

const rules = answerRules({ places: [], everywhere: [], fields: [], maxBody: 100_000 });
const answer = (value: unknown, status = 200) => ({
  status,
  fields: ['content-type', 'application/json'],
  body: Buffer.from(JSON.stringify(value)),
});

/** Judges one read after the other, by route. */
function judging() {
  const noise = openNoise();
  return (monolith: unknown, extracted: unknown, repeated?: unknown, route = 'GET /a') =>
    judgeSample(rules, noise, {
      route,
      monolith: answer(monolith),
      extracted: answer(extracted),
      repeated: repeated === undefined ? undefined : answer(repeated),
    });
}

test('what differs between two answers of the monolith is noise', () => {
  const judge = judging();
  expect(judge({ id: 1, p: 1 }, { id: 2, p: 1 }, { id: 3, p: 1 }).outcome).toBe('noise');
  expect(judge({ id: 1, p: 1 }, { id: 2, p: 1 }, { id: 1, p: 1 }).outcome).toBe('mismatch');
  expect(judge({ id: 1, p: 1 }, { id: 1, p: 1 }, { id: 2, p: 1 }).outcome).toBe('match');
});

test('only what is left when it is subtracted is a mismatch', () => {
  const judge = judging();
  expect(judge({ id: 1, p: 1 }, { id: 2, p: 2 }, { id: 3, p: 1 })).toMatchObject({
    outcome: 'mismatch',
    differences: [{ at: '$.p', monolith: '1', extracted: '2' }],
  });
});

test('noise that was seen before is noise in a comparison that doesn’t show it, of the same route', () => {
  const judge = judging();
  for (let time = 0; time < 3; time += 1) judge({ ts: 1 }, { ts: 2 }, { ts: 3 });
  expect(judge({ ts: 1 }, { ts: 2 }, { ts: 1 }).outcome).toBe('noise');
  expect(judge({ ts: 1 }, { ts: 2 }).outcome).toBe('noise');
  expect(judge({ ts: 1 }, { ts: 2 }, undefined, 'GET /b').outcome).toBe('mismatch');
});

test('a place that is noisy now and then and always wrong is no noise', () => {
  const judge = judging();
  for (let time = 0; time < 20; time += 1) judge({ n: 1 }, { n: 2 }, { n: time % 5 === 0 ? 3 : 1 });
  expect(judge({ n: 1 }, { n: 2 }, { n: 1 }).outcome).toBe('mismatch');
  expect(judge({ n: 1 }, { n: 2 }).outcome).toBe('mismatch');
});

test('two answers of the monolith that have nothing in common are nothing to compare with', () => {
  const noise = openNoise();
  const status = (monolith: number, extracted: number, repeated: number) =>
    judgeSample(rules, noise, {
      route: 'GET /a',
      monolith: answer({}, monolith),
      extracted: answer({}, extracted),
      repeated: answer({}, repeated),
    }).outcome;
  expect(status(200, 404, 429)).toBe('unstable');
  expect(status(200, 200, 429)).toBe('match');
});

test('differences at more places than are told apart are never noise', () => {
  const judge = judging();
  const many = (value: number) =>
    Object.fromEntries(Array.from({ length: 250 }, (_, index) => [`m${index}`, value]));
  expect(judge(many(1), many(2), many(3)).outcome).toBe('mismatch');
});
