import { expect, it, test } from 'vitest';
import { judgeContext, nextStep, type ContextEvidence, type LastChange } from '../../../contexts/index.ts';
import { EVENTS, evidence, state, traffic, windows } from './evidence.ts';

const typed = (changes: Partial<ContextEvidence>) => {
  const all = evidence(changes);
  return nextStep(all, judgeContext(all));
};
const canary = (percent: number) => ({ stage: 'canary', percent }) as const;
const legacy = { stage: 'legacy' } as const;
const SHADOWED = {
  known: {
    context: 'inventory',
    verdict: 'go',
    window: 1,
    minMatch: 0.99,
    minSamples: 1,
    coverage: { routes: 1, covered: 1 },
    routes: [],
  },
} as const;

it.each<[Partial<ContextEvidence>, string | undefined]>([
  [{ reads: legacy }, 'banyan context set inventory --reads shadow'],
  [{ reads: legacy, canShadow: false }, 'banyan context set inventory --reads canary --percent 1'],
  [
    { reads: { stage: 'shadow' }, shadow: SHADOWED },
    'banyan context set inventory --reads canary --percent 1',
  ],
  [
    { reads: { stage: 'shadow' }, shadow: SHADOWED, hasCohort: false },
    'banyan context set inventory --reads extracted',
  ],
  [{ reads: canary(1) }, 'banyan context set inventory --reads canary --percent 5'],
  [{ reads: canary(7) }, 'banyan context set inventory --reads canary --percent 10'],
  [{ reads: canary(50) }, 'banyan context set inventory --reads extracted'],
  [{ reads: { stage: 'extracted' } }, undefined],
  [{ reads: { stage: 'retired' }, writes: { stage: 'retired' } }, undefined],
])('go: after %j comes %s', (changes, command) => {
  expect(judgeContext(evidence(changes)).verdict).toBe('go');
  expect(typed(changes).command).toBe(command);
});

/** Half of the reads fail. */
function failing(changes: Partial<ContextEvidence> = {}): Partial<ContextEvidence> {
  const read = { service: windows(traffic(2_000, 1_000)), monolith: windows(traffic(2_000)) };
  return { states: [{ gateway: 'g1', state: state({ read }) }], ...changes };
}
const changed = (
  action: string,
  before: ContextEvidence['reads'],
  after: ContextEvidence['reads'],
): { known: LastChange } => ({
  known: {
    ...{ revision: 7, at: '2026-11-28T09:00:00Z', actor: 'ada', action, reason: null },
    ...{ before: { reads: before, writes: legacy }, after: { reads: after, writes: legacy } },
  },
});

it.each<[string, Partial<ContextEvidence>, string]>([
  ['a step on', { lastChange: changed('set', canary(5), canary(10)) }, 'banyan context undo inventory'],
  [
    'a step from shadow',
    { lastChange: changed('set', { stage: 'shadow' }, canary(10)) },
    'banyan context undo inventory',
  ],
  [
    'a step back, which an undo would undo',
    { lastChange: changed('set', canary(50), canary(10)) },
    'banyan context set inventory --reads legacy',
  ],
  [
    'an undo that went on',
    { lastChange: changed('undo', legacy, canary(10)) },
    'banyan context set inventory --reads legacy',
  ],
  [
    'an undo',
    { lastChange: changed('undo', canary(50), canary(10)) },
    'banyan context set inventory --reads legacy',
  ],
  ['no change', {}, 'banyan context set inventory --reads legacy'],
  ['an audit that is away', { lastChange: { unknown: 'away' } }, 'banyan kill inventory'],
  ['writes that have moved', { writes: { stage: 'extracted' } }, 'banyan kill inventory --hold-writes'],
])('no-go after %s: the way back', (_what, changes, command) => {
  const { command: found, or } = typed(failing(changes));
  expect(found).toBe(command);
  if (!found!.startsWith('banyan kill')) expect(or!.command).toBe('banyan kill inventory');
});

test('no-go where no client notices: what tells more', () => {
  const parked = { events: { known: { ...EVENTS, parked: 1 } } };
  expect(typed({ reads: legacy, ...parked }).command).toBe('banyan lag');
  const held = { waiting: 0, oldestWaitingMs: null, parked: 1, oldestParkedMs: 7 };
  const holds = { events: { known: { ...EVENTS, consumerHeld: held } } };
  expect(typed({ reads: legacy, ...holds }).command).toBe('banyan held list');
  // The service's readers miss what the parked event told.
  expect(typed({ ...parked, lastChange: changed('set', legacy, canary(10)) }).command).toBe(
    'banyan context undo inventory',
  );
  const differs = { known: { ...SHADOWED.known, verdict: 'no-go' } } as const;
  expect(typed({ reads: { stage: 'shadow' }, shadow: differs }).command).toBe(
    'banyan shadow report inventory',
  );
  const fleet = { ...evidence().fleet, stored: { generation: 'g', revision: 8 } };
  expect(typed({ fleet }).command).toBe('banyan gateways list');
  const kill = { id: '1', at: '2026-11-28T09:00:00Z', by: 'ada', reason: null, consent: null };
  expect(typed({ states: [{ gateway: 'g1', state: state({ kill }) }] }).command).toBe(
    'banyan kill inventory --release',
  );
});

test('unknown: what tells it', () => {
  const few = { read: { service: windows(traffic(10)), monolith: windows(traffic(10)) } };
  expect(typed({ states: [{ gateway: 'g1', state: state(few) }] }).command).toBe(
    'banyan status inventory --watch',
  );
  expect(typed({ events: { unknown: 'away' } }).command).toBe('banyan lag');
  expect(typed({ fleet: { ...evidence().fleet, unasked: ['g2'] } }).command).toBe('banyan gateways list');
  expect(typed({ fleet: { ...evidence().fleet, register: 'away' } }).command).toBe('banyan context list');
  expect(typed({ reads: { stage: 'shadow' } }).command).toBe('banyan shadow report inventory');
});
