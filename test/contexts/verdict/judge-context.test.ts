import { expect, it, test } from 'vitest';
import {
  judgeContext,
  NO_TRAFFIC,
  USUAL_THRESHOLDS,
  type ContextEvidence,
  type Criterion,
  type EventsEvidence,
  type ShadowReport,
  type Traffic,
} from '../../../contexts/index.ts';
import { EVENTS, evidence, state, traffic, windows } from './evidence.ts';

const LIMITS = USUAL_THRESHOLDS;

/** What one criterion comes to, and the verdict. */
function judged(name: Criterion['name'], changes: Partial<ContextEvidence>): [string | undefined, string] {
  const { verdict, criteria } = judgeContext(evidence(changes));
  return [criteria.find((one) => one.name === name)?.outcome, verdict];
}
const whyOf = (name: Criterion['name'], changes: Partial<ContextEvidence>) =>
  judgeContext(evidence(changes)).criteria.find((one) => one.name === name)!.why;
const beside = (
  service: Traffic,
  monolith: Traffic,
  long?: [Traffic, Traffic],
): Partial<ContextEvidence> => ({
  states: [
    {
      gateway: 'g1',
      state: state({
        read: { service: windows(service, long?.[0]), monolith: windows(monolith, long?.[1]) },
      }),
    },
  ],
});
const alone = (stage: 'reads' | 'writes', service: Traffic, verdict = LIMITS): Partial<ContextEvidence> => ({
  [stage]: { stage: 'extracted' },
  thresholds: verdict,
  states: [
    {
      gateway: 'g1',
      state: state({
        [stage === 'reads' ? 'read' : 'write']: { service: windows(service), monolith: windows(NO_TRAFFIC) },
      }),
    },
  ],
});
const events = (changes: Partial<EventsEvidence>) => ({ events: { known: { ...EVENTS, ...changes } } });

test('all that is known and well is go', () => {
  const { verdict, criteria } = judgeContext(evidence());
  expect(verdict).toBe('go');
  expect(criteria.map(({ name, outcome }) => [name, outcome])).toEqual(
    ['gateways', 'service', 'lag', 'parked', 'read errors', 'read p95', 'read p99'].map((name) => [
      name,
      'go',
    ]),
  );
});

it.each<[ContextEvidence['reads'], ContextEvidence['writes']['stage'], Criterion['name'][]]>([
  [{ stage: 'legacy' }, 'legacy', ['gateways', 'lag', 'parked']],
  [{ stage: 'shadow' }, 'legacy', ['gateways', 'service', 'lag', 'parked', 'shadow match']],
  [
    { stage: 'extracted' },
    'extracted',
    ['gateways', 'service', 'lag', 'parked', 'read errors', 'read p95', 'read p99', 'write errors'],
  ],
  [{ stage: 'retired' }, 'retired', ['gateways']],
])('reads %j and writes %s are judged by what applies', (reads, writes, names) => {
  const { criteria } = judgeContext(evidence({ reads, writes: { stage: writes } }));
  expect(criteria.map(({ name }) => name)).toEqual(names);
});

test('a context without events has no lag', () => {
  const { verdict, criteria } = judgeContext(evidence({ carriesEvents: false, events: { unknown: 'away' } }));
  expect(verdict).toBe('go');
  expect(criteria.some(({ name }) => name === 'lag' || name === 'parked')).toBe(false);
});

it.each<[string, Partial<EventsEvidence>, string]>([
  ['below', { oldestAgeMs: 4_999, consumerLagMs: 4_999 }, 'go'],
  ['at', { oldestAgeMs: 5_000, consumerLagMs: 5_000 }, 'go'],
  ['above in the outbox', { oldestAgeMs: 5_001 }, 'no-go'],
  ['above at the consumer', { consumerLagMs: 5_001 }, 'no-go'],
  ['unknown in the outbox', { oldestAgeMs: null }, 'unknown'],
  ['unknown at the consumer', { consumerState: 'unknown', consumerLagMs: null }, 'unknown'],
  ['negative', { consumerLagMs: -1 }, 'unknown'],
  ['nothing pending', { pending: 0, oldestAgeMs: null }, 'go'],
  ['unread', { pending: null, oldestAgeMs: null }, 'unknown'],
  ['no consumer', { consumerState: 'none', consumerLagMs: null }, 'go'],
  ['no relay', { problems: ['relay: none seen'] }, 'unknown'],
  ['no relay, and too old', { problems: ['relay: none seen'], oldestAgeMs: 60_000 }, 'no-go'],
])('lag %s the threshold: %j is %s', (_what, changes, outcome) => {
  expect(judged('lag', events(changes))).toEqual([outcome, outcome]);
});

test('a capture that was stopped is no-go while its table needs a backfill, and is no criterion otherwise', () => {
  const due = { capture: 'stock', stoppedAt: '2026-11-25 22:14:03.963149' };
  const { verdict, criteria } = judgeContext(evidence(events({ backfillDue: [due] })));
  expect(verdict).toBe('no-go');
  expect(criteria.find(({ name }) => name === 'backfill')).toMatchObject({
    ...{ outcome: 'no-go', reading: 'due: capture stock', evidence: 'since 2026-11-25 22:14:03 UTC' },
    why: "capture 'stock' stopped at the budget: what was written since is in no event",
  });
  expect(judgeContext(evidence()).criteria.some(({ name }) => name === 'backfill')).toBe(false);
});

it.each<[number | null, number, string]>([
  [0, 0, 'go'],
  [1, 0, 'no-go'],
  [3, 3, 'go'],
  [4, 3, 'no-go'],
  [null, 0, 'unknown'],
])('%s parked events of %i allowed are %s', (parked, allowed, outcome) => {
  const thresholds = { ...LIMITS, parked: allowed };
  expect(judged('parked', { ...events({ parked, oldestParkedAgeMs: 1_000 }), thresholds })).toEqual([
    outcome,
    outcome,
  ]);
});

const HELD = { waiting: 0, oldestWaitingMs: null, parked: 0, oldestParkedMs: null };
it.each<[EventsEvidence['consumerHeld'], number, string | undefined, string]>([
  [undefined, 0, undefined, 'go'],
  [null, 0, 'unknown', 'unknown'],
  [HELD, 0, 'go', 'go'],
  [{ ...HELD, waiting: 2, oldestWaitingMs: LIMITS.maxLag }, 0, 'go', 'go'],
  [{ ...HELD, waiting: 2, oldestWaitingMs: LIMITS.maxLag + 1 }, 0, 'no-go', 'no-go'],
  [{ ...HELD, waiting: 2 }, 0, 'no-go', 'no-go'],
  [{ ...HELD, parked: 1, oldestParkedMs: 7 }, 0, 'no-go', 'no-go'],
  [{ ...HELD, parked: 3, oldestParkedMs: 7 }, 3, 'go', 'go'],
  [{ ...HELD, parked: 4, oldestParkedMs: 7 }, 3, 'no-go', 'no-go'],
])(
  'of a consumer that holds %j, %i parked being allowed, it is %s',
  (consumerHeld, allowed, outcome, verdict) => {
    const thresholds = { ...LIMITS, parked: allowed };
    expect(judged('held', { ...events({ consumerHeld }), thresholds })).toEqual([outcome, verdict]);
  },
);

test('says what the consumer holds, and for how long', () => {
  const consumerHeld = { waiting: 1, oldestWaitingMs: 60_000, parked: 2, oldestParkedMs: 7 };
  const of = (held: EventsEvidence['consumerHeld']) =>
    judgeContext(evidence(events({ consumerHeld: held }))).criteria.find(({ name }) => name === 'held');
  expect(of(consumerHeld)).toMatchObject({
    ...{ reading: '1 waits (60 s), 2 parked', required: 'none parked', evidence: '20 ms ago' },
    why: 'the consumer has parked 2 events; allowed: 0',
  });
  expect(of({ ...consumerHeld, parked: 0 })!.why).toBe(
    '1 event waits for numbers that have not come, the oldest for 60 s',
  );
});

test('without the admin API lag and parked events are unknown', () => {
  const away = { events: { unknown: 'admin API: connect ECONNREFUSED' } } as const;
  expect(judged('lag', away)).toEqual(['unknown', 'unknown']);
  expect(judged('parked', away)).toEqual(['unknown', 'unknown']);
  expect(whyOf('lag', away)).toBe('admin API: connect ECONNREFUSED');
});

it.each<[string, Traffic, Traffic, string]>([
  ['none of enough', traffic(381), traffic(2_000), 'go'],
  ['none of one too few', traffic(380), traffic(2_000), 'unknown'],
  ['as many as the monolith', traffic(20_000, 1_000), traffic(20_000, 1_000), 'go'],
  ['surely more', traffic(2_000, 60), traffic(2_000, 4), 'no-go'],
  ['perhaps more', traffic(2_000, 24), traffic(2_000, 4), 'unknown'],
  ['too few of the service', traffic(99), traffic(2_000), 'unknown'],
  ['too few of the monolith', traffic(2_000), traffic(99), 'unknown'],
  ['few that all fail', traffic(10, 10), traffic(2_000), 'no-go'],
  ['none of the monolith, and all fail', traffic(50, 50), traffic(0), 'no-go'],
  ['none of either', traffic(0), traffic(0), 'unknown'],
])('errors: %s', (_what, service, monolith, outcome) => {
  expect(judged('read errors', beside(service, monolith))[0]).toBe(outcome);
});

test('too few say how many it takes', () => {
  expect(whyOf('read errors', beside(traffic(60), traffic(2_000)))).toBe('60 of 100 reads that it takes');
  expect(whyOf('read errors', beside(traffic(2_000), traffic(60)))).toBe(
    '60 of 100 reads of the monolith that it takes',
  );
  expect(whyOf('read errors', beside(traffic(200), traffic(2_000)))).toBe(
    '-0.19 to 1.88 points more than the monolith’s: 200 of about 400 reads that it takes',
  );
  expect(whyOf('read p99', beside(traffic(200), traffic(2_000)))).toContain(
    '200 of about 400 reads that it takes',
  );
});

it.each<[string, number, number, string]>([
  ['as the monolith', 0.2, 0.2, 'go'],
  ['a bucket above', 0.31, 0.25, 'unknown'],
  ['twice as long', 0.5, 0.2, 'no-go'],
  ['many times as long and still nothing', 0.009, 0.002, 'go'],
  ['faster', 0.02, 0.2, 'go'],
])('latency: %s', (_what, service, monolith, outcome) => {
  const changes = beside(traffic(2_000, 0, service), traffic(2_000, 0, monolith));
  expect(judged('read p95', changes)[0]).toBe(outcome);
  expect(judged('read p99', changes)[0]).toBe(outcome);
});

test('latency needs enough of both sides', () => {
  expect(judged('read p95', beside(traffic(99), traffic(2_000)))[0]).toBe('unknown');
  expect(judged('read p95', beside(traffic(2_000), traffic(99)))[0]).toBe('unknown');
  expect(judged('read p95', beside(traffic(0), traffic(0)))[0]).toBe('unknown');
  // p95 can be told from fewer than p99.
  expect(judged('read p95', beside(traffic(200), traffic(2_000)))[0]).toBe('go');
  expect(judged('read p99', beside(traffic(200), traffic(2_000)))[0]).toBe('unknown');
});

test('the last minutes count alone where they are enough, and where they look worse than allowed', () => {
  const good = traffic(5_000, 0, 0.02, 7_200_000);
  // Few now, nothing wrong with them: the hours before decide.
  expect(judged('read errors', beside(traffic(20), traffic(20), [good, good]))[0]).toBe('go');
  // Few now, and one of them failed: the hours before don't cover it up.
  expect(judged('read errors', beside(traffic(20, 1), traffic(20), [good, good]))[0]).toBe('unknown');
  // What the hours before speak against may be over.
  const bad = traffic(5_000, 500, 0.02, 7_200_000);
  expect(judged('read errors', beside(traffic(20), traffic(20), [bad, good]))[0]).toBe('unknown');
  expect(judged('read errors', beside(traffic(2_000), traffic(2_000), [bad, good]))[0]).toBe('go');
});

test('without requests of the monolith errors are judged alone, and times by a limit of their own', () => {
  expect(judged('read errors', alone('reads', traffic(2_000, 2)))[0]).toBe('go');
  expect(judged('read errors', alone('reads', traffic(2_000, 60)))[0]).toBe('no-go');
  expect(judged('write errors', alone('writes', traffic(2_000, 60)))[0]).toBe('no-go');
  expect(judged('write errors', alone('writes', traffic(50)))[0]).toBe('unknown');
  const slow = traffic(2_000, 0, 0.4);
  expect(judged('read p95', alone('reads', slow))).toEqual(['none', 'go']);
  for (const [p95, outcome] of [
    [300, 'no-go'],
    [350, 'unknown'],
    [400, 'go'],
  ] as const)
    expect(judged('read p95', alone('reads', slow, { ...LIMITS, p95 }))).toEqual([outcome, outcome]);
  expect(judged('read p95', alone('reads', traffic(99, 0, 0.4), { ...LIMITS, p95: 300 }))[0]).toBe('unknown');
});

it.each<[string, Partial<ContextEvidence['fleet']>, string]>([
  ['one that was not reached', { unreached: [{ ops: '10.0.0.2:9101', problem: 'ECONNREFUSED' }] }, 'unknown'],
  ['one that nobody asked', { unasked: ['g2'] }, 'unknown'],
  ['no register', { register: 'admin API: away' }, 'unknown'],
  ['one behind the store', { stored: { generation: 'g', revision: 8 } }, 'no-go'],
  ['one of another store', { stored: { generation: 'h', revision: 7 } }, 'no-go'],
  [
    'none',
    { reached: [], stored: undefined, unreached: [{ ops: '10.0.0.1:9101', problem: 'away' }] },
    'unknown',
  ],
])('gateways: %s', (_what, changes, outcome) => {
  const fleet = { ...evidence().fleet, ...changes };
  expect(judged('gateways', { fleet })).toEqual([outcome, outcome]);
});

test('a kill on any gateway is no-go, and so is a breaker that isn’t closed', () => {
  const kill = { id: '1', at: '2026-11-28T09:00:00.000Z', by: 'ada', reason: 'wrong stock', consent: null };
  const { states, service } = evidence();
  const killed = [...states, { gateway: 'g2', state: state({ kill }) }];
  expect(judged('kill switch', { states: killed })).toEqual(['no-go', 'no-go']);
  expect(whyOf('kill switch', { states: killed })).toBe(
    'killed at 2026-11-28T09:00:00Z by ada (wrong stock): its reads go to the monolith',
  );
  const [first] = service;
  for (const broken of [{ breaker: 'open' }, { breaker: 'half-open' }, { health: 'unhealthy' }] as const)
    expect(
      judged('service', { service: [first!, { gateway: 'g2', state: { ...first!.state, ...broken } }] }),
    ).toEqual(['no-go', 'no-go']);
  expect(
    judged('service', { service: [{ gateway: 'g1', state: { ...first!.state, breaker: null } }] }),
  ).toEqual(['none', 'go']);
  expect(judged('service', { service: [] })[0]).toBe('unknown');
});

test('in shadow the verdict of the comparison counts, and none is unknown', () => {
  const report = (verdict: ShadowReport['verdict']): Partial<ContextEvidence> => ({
    reads: { stage: 'shadow' },
    shadow: {
      known: {
        context: 'inventory',
        verdict,
        window: 86_400_000,
        minMatch: 0.99,
        minSamples: 100,
        coverage: { routes: 0, covered: 0 },
        routes: [],
      },
    },
  });
  for (const verdict of ['go', 'no-go', 'unknown'] as const)
    expect(judged('shadow match', report(verdict))).toEqual([verdict, verdict]);
  expect(judged('shadow match', { reads: { stage: 'shadow' } })).toEqual(['unknown', 'unknown']);
});
