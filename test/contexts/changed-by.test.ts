import { expect, it, test } from 'vitest';
import { compileChangedBy } from '../../contexts/index.ts';

const changedBy = compileChangedBy(['POST /logout', 'GET /users/:id/become', '* /auth/*'])!;

it.each([
  ['POST', '/logout'],
  ['POST', '/logout?next=/'],
  ['POST', '/LogOut/'],
  ['POST', '//logout'],
  ['POST', '/a/%2e%2e/logout'],
  ['POST', '/%6cogout;x=1'],
  ['POST', 'http://shop.example/logout?x'],
  ['GET', '/users/7/become'],
  ['DELETE', '/auth/session/7'],
])('%s %s may change a session', (method, target) => {
  expect(changedBy(method, target)).toBe(true);
});

it.each([
  ['GET', '/logout'],
  ['POST', '/logouts'],
  ['POST', '/logout/now'],
  ['POST', 'http://logout/'],
  ['GET', '/users//become'],
  ['GET', '/authors'],
  ['OPTIONS', '*'],
])('%s %s does not', (method, target) => {
  expect(changedBy(method, target)).toBe(false);
});

test('where no route is named nobody is asked', () => {
  expect(compileChangedBy([])).toBeUndefined();
});
