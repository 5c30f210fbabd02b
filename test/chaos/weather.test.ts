import { expect, test } from 'vitest';
import type { Fault, PutRecord } from '../support/kinesis-proxy.ts';
import { badWeather, type Weather } from './weather.ts';

const records: readonly PutRecord[] = Array.from({ length: 20 }, (_, index) => ({
  key: `thing:cold${index}`,
  data: Buffer.alloc(0),
}));
const call = (number: number, given = records) => ({
  operation: 'PutRecords',
  number,
  sender: 'relay-0-0',
  records: given,
});
/** Everything about it that can be compared. */
const plain = (fault: Fault | undefined) =>
  fault?.kind === 'fail-records'
    ? { ...fault, which: records.map((one, index) => fault.which(one, index)) }
    : fault;
const faults = (weather: Weather) =>
  Array.from({ length: 2_000 }, (_, number) => plain(weather.fault(call(number))));

test('the same seed spoils the same requests in the same way; another seed others', () => {
  const first = faults(badWeather(7, 1_000));
  expect(faults(badWeather(7, 1_000))).toEqual(first);
  expect(faults(badWeather(8, 1_000))).not.toEqual(first);
});

test('what a request meets does not depend on what those before it carried', () => {
  const [few, many] = [badWeather(7, 1_000), badWeather(7, 1_000)];
  for (let number = 0; number < 500; number++) {
    plain(few.fault(call(number, records.slice(0, 1 + (number % 3)))));
    plain(many.fault(call(number)));
  }
  expect(faults(few)).toEqual(faults(many));
});

test('about one request in five meets something, of every kind, until it clears', () => {
  const weather = badWeather(7, 1_000);
  const met = faults(weather).filter((fault) => fault !== undefined);
  expect(met.length).toBeGreaterThan(300);
  expect(met.length).toBeLessThan(600);
  expect(new Set(met.map(({ kind }) => kind))).toEqual(
    new Set(['throttle', 'fail-records', 'drop-answer', 'cut', 'delay', 'error', 'hang']),
  );
  weather.clear();
  expect(faults(weather).every((fault) => fault === undefined)).toBe(true);
});

test('it counts what was taken in part, what was taken without an answer, and two records of one key', () => {
  const weather = badWeather(7, 1_000);
  const taken = { sender: 'relay-0-0', at: 0, records: 2, fault: undefined, answerLost: false };
  const fault = { kind: 'fail-records', which: () => true } as const;
  weather.taken({ ...taken, sequenceNumbers: ['1'], fault });
  weather.taken({ ...taken, sequenceNumbers: [], fault });
  weather.taken({ ...taken, sequenceNumbers: ['2', '3'], answerLost: true });
  weather.fault(call(0, [records[0]!, records[0]!]));
  expect(weather).toMatchObject({ partialFailures: 1, lostAnswers: 1, twoOfAKey: 1 });
});
