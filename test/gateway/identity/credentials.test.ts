import { expect, it, test } from 'vitest';
import { credentialReader } from '../../../gateway/identity/credentials.ts';

const reader = credentialReader({ cookies: ['sid', 'remember'], authorization: false });

test('credentials are the session’s cookies alone, in their order, repeated ones too', () => {
  expect(reader.of({ cookie: 'a=1; remember=r;sid=s ; sid=t; xsid=no; sid' })).toMatchObject({
    cookie: 'remember=r; sid=s; sid=t',
    authorization: undefined,
  });
  expect(reader.of({ cookie: 'a=1', authorization: 'Basic x' })).toBeUndefined();
  expect(reader.of({})).toBeUndefined();
  const both = credentialReader({ cookies: ['sid'], authorization: true });
  expect(both.of({ authorization: 'Basic x' })).toMatchObject({
    cookie: undefined,
    authorization: 'Basic x',
  });
});

test('a session is named by a digest that differs with its credentials, and tells nothing of them', () => {
  const named = (cookie: string) => reader.of({ cookie })!.session;
  expect(named('sid=s')).toBe(named('theme=dark; sid=s'));
  expect(
    new Set(['sid=s', 'sid=t', 'remember=s', 'sid=s; remember=r', 'remember=r; sid=s'].map(named)).size,
  ).toBe(5);
  expect(named('sid=verysecret')).toMatch(/^[\w-]{43}$/);
});

it.each([
  ['sid=new; Path=/', true],
  ['sid=s; Path=/; Max-Age=3600', false],
  ['sid=s; Expires=Wed, 01 Jan 2098 00:00:00 GMT', false],
  ['sid=s; Max-Age=0', true],
  ['sid=s; max-age=-1', true],
  ['sid=s; Expires=Thu, 01 Jan 1970 00:00:00 GMT', true],
  ['sid=; Expires=Thu, 01-Jan-1970 00:00:01 GMT', true],
  ['sid=deleted', true],
  ['theme=light', false],
  ['SID=new', false],
  ['sid', false],
  ['remember=r', true],
])('Set-Cookie: %s is a change of the session: %s', (setCookie, changed) => {
  expect(reader.isChanged(setCookie, { cookie: 'theme=dark; sid=s' })).toBe(changed);
});
