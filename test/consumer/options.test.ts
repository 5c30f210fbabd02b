import { expect, test } from 'vitest';
import type { Database } from '../../runtime/database.ts';
import { countingConsumer } from './counting.ts';

test('refuses a name that the inbox or a URL could not carry', () => {
  expect(() =>
    countingConsumer(
      {} as Database,
      { name: 's', endpoint: 'http://127.0.0.1:1' },
      { application: 'No Good' },
    ),
  ).toThrow("application is 'No Good'; required: lower-case letters");
});

test.each([{ timeout: 0 }, { grace: -1 }, { poll: Number.NaN }, { timeout: 2 ** 31 }])(
  'refuses a time that no timer can hold: %o',
  (more) => {
    const create = () =>
      countingConsumer({} as Database, { name: 's', endpoint: 'http://127.0.0.1:1' }, more);
    expect(create).toThrow('required: milliseconds above 0, at most 2147483647');
  },
);
