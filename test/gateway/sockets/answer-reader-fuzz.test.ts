import { describe, expect, test } from 'vitest';
import { fixturesOf } from '../conformance/llhttp-fixtures.ts';
import { chance, generated, mutated, pick, pieces } from './generated.ts';
import { readAnswer, type Read } from './reading.ts';

const random = chance(20_260_801);
const made = Array.from({ length: 150 }, () => generated(random));
const fixtures = fixturesOf('response').map(({ bytes }) => bytes);

/** How far a broken answer was passed on before depends on what came together; that it is broken doesn't. */
function judged(read: Read) {
  return read.is === 'broken' ? { is: read.is } : read;
}

describe('however its bytes come in pieces, an answer is read as the same', () => {
  test.each([true, false])('cut at each byte; its connection ends: %s', (closes) => {
    for (const bytes of [...fixtures, ...made]) {
      const whole = judged(readAnswer([bytes], { closes }));
      for (let at = 1; at < bytes.length; at += 1)
        expect(
          judged(readAnswer([bytes.slice(0, at), bytes.slice(at)], { closes })),
          JSON.stringify([bytes, at]),
        ).toEqual(whole);
      expect(judged(readAnswer([...bytes], { closes })), JSON.stringify(bytes)).toEqual(whole);
    }
  });

  test('cut at random, after HEAD too', () => {
    for (const bytes of [...fixtures, ...made])
      for (let turn = 0; turn < 10; turn += 1) {
        const toHead = random() < 0.3;
        expect(judged(readAnswer(pieces(random, bytes), { toHead }))).toEqual(
          judged(readAnswer([bytes], { toHead })),
        );
      }
  });
});

test('whatever comes, it is read, broken or waited for, and nothing else happens', () => {
  for (let turn = 0; turn < 20_000; turn += 1) {
    const bytes = mutated(random, pick(random, random() < 0.5 && fixtures.length > 0 ? fixtures : made));
    const cut = random() < 0.5 ? [bytes] : pieces(random, bytes);
    expect(['whole', 'broken', 'waiting']).toContain(readAnswer(cut, { closes: random() < 0.5 }).is);
  }
});
