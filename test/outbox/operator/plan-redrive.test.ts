import { expect, test } from 'vitest';
import { planRedrive } from '../../../outbox/operator/plan-redrive.ts';
import type { ParkedEvent } from '../../../outbox/operator/parked-event.ts';

const event = (id: number | string, key = 'a', state: ParkedEvent['state'] = 'parked'): ParkedEvent => ({
  ...{ id, key, state, eventId: `e-${id}`, type: 'T', bucket: 1 },
  ...{ kind: 'poison', reason: 'why', parkedAt: null, ageMs: 0 },
});
const ids = (events: readonly ParkedEvent[]) => events.map(({ id }) => id);

test('events are taken in the order of their rows, also where an id is too large for a number', () => {
  const wanted = [event('9007199254740993'), event(5, 'b'), event(2), event(10)];
  expect(ids(planRedrive(wanted, wanted).take)).toEqual([2, 5, 10, '9007199254740993']);
});

test('an event behind one of its key that stays parked is refused, others are taken', () => {
  const [first, second, third, other] = [event(1), event(2), event(3), event(4, 'b')];
  const plan = planRedrive([third, second, other], [first, second, third, other]);
  expect(ids(plan.take)).toEqual([4]);
  expect(plan.held.map(({ event: { id }, behind }) => [id, behind.id])).toEqual([
    [2, 1],
    [3, 1],
  ]);
});

test('an event before one that stays parked is taken: the key waits for the other', () => {
  const plan = planRedrive([event(1)], [event(1), event(2)]);
  expect([ids(plan.take), plan.held]).toEqual([[1], []]);
});

test('what was skipped comes late, and holds nothing', () => {
  const plan = planRedrive([event(1, 'a', 'skipped'), event(3)], [event(1, 'a', 'skipped'), event(3)]);
  expect([ids(plan.take), ids(plan.late), plan.held]).toEqual([[1, 3], [1], []]);
});
