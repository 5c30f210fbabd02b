import { pino } from 'pino';
import { expect, test } from 'vitest';
import { loggedError, withoutValues } from '../../runtime/logged-error.ts';
import { withoutData } from '../../runtime/log.ts';

/** As mysql2 rejects. */
const refused = (message: string) =>
  Object.assign(new Error(message), {
    ...{ code: 'ER_X', errno: 1, sqlState: '23000', sqlMessage: message },
    sql: "INSERT INTO customers VALUES ('ada@example.com')",
  });

test.each([
  ["Duplicate entry 'ada@example.com' for key 'mail'", "Duplicate entry '…' for key 'mail'"],
  ["Duplicate entry 'it''s Ada's' for key 'name'", "Duplicate entry '…' for key 'name'"],
  [
    "Incorrect integer value: 'Ada\nLovelace' for column `shop`.`t`.`n` at row 1",
    "Incorrect integer value: '…' for column `shop`.`t`.`n` at row 1",
  ],
  ["Truncated incorrect DOUBLE value: 'Ada'", "Truncated incorrect DOUBLE value: '…'"],
  ["BIGINT value is out of range in '(1815 * 42)'", "BIGINT value is out of range in '…'"],
  [
    "You have an error in your SQL syntax; check the manual for the right syntax to use near ''Ada' = 1' at line 1",
    "You have an error in your SQL syntax; check the manual for the right syntax to use near '…' at line 1",
  ],
  ["Table 'shop.customers' doesn't exist", "Table 'shop.customers' doesn't exist"],
])('what a database quotes is left out of its message: %s', (message, shown) => {
  expect(withoutValues(message)).toBe(shown);
});

test('of an error a log line keeps kind, message, stack and codes, and no statement, of its causes too', () => {
  const error = Object.assign(
    new TypeError('handler', { cause: refused("Duplicate entry 'Ada' for key 'k'") }),
    {
      ...{ code: 'E', parameters: ['Ada'], original: refused("Duplicate entry 'Ada' for key 'k'") },
    },
  );
  const all = new AggregateError([error, refused('gone')], 'both');
  expect(loggedError(error)).toEqual({
    ...{ type: 'TypeError', code: 'E', message: "handler: Duplicate entry '…' for key 'k'" },
    stack: expect.stringContaining("caused by: Error: Duplicate entry '…' for key 'k'"),
  });
  expect(JSON.stringify(loggedError(all))).not.toMatch(/Ada|ada@/);
  expect(loggedError(all)).toMatchObject({
    aggregateErrors: [{ code: 'E' }, { errno: 1, sqlState: '23000' }],
  });
  expect(loggedError('a text')).toBe('a text');
});

test('a log that somebody else has opened is as discreet', () => {
  let written = '';
  const theirs = pino(
    { serializers: { err: (error: unknown) => error } },
    { write: (line) => void (written += line) },
  );
  withoutData(theirs).error({ err: refused("Duplicate entry 'ada@example.com' for key 'mail'") }, 'failed');
  expect(JSON.parse(written)).toMatchObject({ err: { message: "Duplicate entry '…' for key 'mail'" } });
  expect(written).not.toContain('ada@');
});
