import { pino } from 'pino';
import { expect, test } from 'vitest';
import { trackAvailability } from '../../relay/availability.ts';

function scene() {
  const lines: string[] = [];
  const log = pino(
    {},
    { write: (line: string) => void lines.push((JSON.parse(line) as { msg: string }).msg) },
  );
  return { lines, kinesis: trackAvailability(log, 'kinesis') };
}

test('it is logged when something goes and when it comes back, and not in between', () => {
  const { lines, kinesis } = scene();
  kinesis.report();
  kinesis.report(new Error('gone'));
  kinesis.report(new Error('still gone'));
  expect(kinesis.reason()).toBe('kinesis: still gone');
  kinesis.report();
  expect(kinesis.reason()).toBeUndefined();
  expect(lines).toEqual(['kinesis: gone', 'kinesis: it works again']);
});

test('the reason says what the operator can use: the code, and that no answer came', () => {
  const { kinesis } = scene();
  kinesis.report(Object.assign(new Error('connect failed'), { code: 'ECONNREFUSED' }));
  expect(kinesis.reason()).toBe('kinesis: connect failed ECONNREFUSED');
  kinesis.report(Object.assign(new Error('Request aborted'), { name: 'AbortError' }));
  expect(kinesis.reason()).toBe('kinesis: no answer in time (Request aborted)');
});
