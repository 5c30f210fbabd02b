import { expect, test } from 'vitest';
import type { Caller } from '../../../gateway/identity/caller.ts';
import { openSessions } from '../../../gateway/identity/sessions.ts';

const user = (sub: string): Caller => ({ kind: 'user', sub, claims: {} });

function open(most?: number) {
  let now = 0;
  const sessions = openSessions(() => now, most);
  const asked: string[] = [];
  const of = (session: string, caller: Caller = user('ada'), variant = 'v') =>
    sessions.of(session, variant, 1_000, async () => {
      asked.push(session);
      return caller;
    }).caller;
  return { sessions, asked, of, later: (milliseconds: number) => (now += milliseconds) };
}

test('an answer counts from its question on, and for one variant', async () => {
  const { asked, of, later } = open();
  await of('s');
  later(999);
  await of('s');
  expect(asked).toHaveLength(1);
  later(1);
  await of('s');
  expect(asked).toHaveLength(2);
  await of('s', user('ada'), 'other');
  expect(asked).toHaveLength(3);
});

test('nobody is kept, and a failure is not', async () => {
  const { asked, of } = open();
  await of('n', { kind: 'nobody' });
  await of('n', { kind: 'nobody' });
  await of('f', { kind: 'failed', how: 'late', why: '' });
  await of('f');
  await of('f');
  expect(asked).toEqual(['n', 'f', 'f']);
});

test('no more are kept than there is room for: the oldest goes', async () => {
  const { sessions, asked, of } = open(2);
  for (const session of ['a', 'b', 'c']) await of(session);
  expect(sessions.count()).toBe(2);
  for (const session of ['c', 'b', 'a']) await of(session);
  expect(asked).toEqual(['a', 'b', 'c', 'a']);
});

test('a session that is changed twice at once is kept again when both are over', async () => {
  const { sessions, asked, of } = open();
  const [one, two] = [sessions.begin('s'), sessions.begin('s')];
  await of('s');
  one();
  one();
  await of('s');
  two();
  expect(sessions.count()).toBe(0);
  await of('s');
  await of('s');
  expect(asked).toHaveLength(3);
});
