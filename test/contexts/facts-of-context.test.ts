import { expect, test } from 'vitest';
import { canShadow } from '../../contexts/facts-of-context.ts';

test.each([
  [{ match: 'GET /a' }, true],
  [{ match: 'HEAD /a' }, true],
  [{ match: '* /a' }, true],
  [{ match: 'GET /a', header: { 'X-Api': '2' } }, true],
  [{ match: 'POST /a' }, false],
  [{ match: 'GET /a', kind: 'write' as const }, false],
  [{ match: 'GET /a', header: { Upgrade: true as const } }, false],
  [{ match: 'GET /a', header: { upgrade: 'websocket' } }, false],
])('whether %o has answers to compare: %s', (route, can) => {
  expect(canShadow(route)).toBe(can);
});
