import type { IncomingMessage } from 'node:http';
import { expect, test } from 'vitest';
import { isSameSite } from '../../../demo/live/same-site.ts';

test.each([
  [undefined, true],
  ['http://shop.example:8080', true],
  ['https://shop.example:8080', true],
  ['http://shop.example', false],
  ['https://evil.example', false],
  ['null', false],
  ['', false],
])('a page of %s may watch shop.example:8080: %s', (origin, expected) => {
  const headers = { host: 'shop.example:8080', ...(origin !== undefined && { origin }) };
  expect(isSameSite({ headers } as IncomingMessage)).toBe(expected);
});
