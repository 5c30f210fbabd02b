import { expect, test } from 'vitest';
import { formatContext } from '../../../cli/status/format-context.ts';
import { formatOverview } from '../../../cli/status/format-overview.ts';
import type { Readings } from '../../../cli/status/gather.ts';
import { judgeAll, judgeOne } from '../../../cli/status/judge.ts';
import type { AuditEntry, LagReport } from '../../../control-plane/index.ts';
import type { ContextStatus, GatewayStatus } from '../../../contexts/index.ts';
import { EVENTS, state, traffic, windows } from '../../contexts/verdict/evidence.ts';

const NOW = Date.parse('2026-11-28T09:12:00Z');
const before = { reads: { stage: 'canary', percent: 5 }, writes: { stage: 'legacy' } } as const;
const after = { reads: { stage: 'canary', percent: 10 }, writes: { stage: 'legacy' } } as const;
const change: AuditEntry = {
  ...{ revision: 7, at: '2026-11-28T09:00:00.000Z', actor: 'ada', context: 'inventory' },
  action: 'set',
  ...{ before, after, reason: 'looks good' },
};

function readings(service = traffic(1_204), changes: Partial<ContextStatus> = {}): Readings {
  const both = { service: windows(service), monolith: windows(traffic(10_900)) };
  const own = { breaker: null, health: null, why: null };
  const status: GatewayStatus = {
    ...{
      gateway: 'gw-1',
      instance: '1',
      generation: 'g',
      revision: 7,
      startedAgoMs: 1,
      missing: null,
      inFlight: 12,
    },
    eventLoop: { p99: 0.0013, max: 0.002, utilization: 0.1 },
    contexts: [
      state({ ...after, read: both, ...changes }),
      state({ context: 'search', carriesEvents: false, sinceMs: 7_300_000 }),
    ],
    upstreams: [
      {
        upstream: 'monolith',
        monolith: true,
        ...own,
        now: traffic(12_000, 3, 0.045),
        before: traffic(140_000, 40, 0.045),
      },
      { upstream: 'inventory', monolith: false, ...own, breaker: 'closed', now: service, before: traffic(0) },
    ],
  };
  const whole = { endToEndState: 'known', endToEndMs: 4_000 } as const;
  const figures = { rateIn: 4.7, rateOut: 4.6, ...EVENTS, consumer: 'inventory', ...whole };
  return {
    now: NOW,
    gateways: [{ ops: '127.0.0.1:9101', status }],
    shadow: [],
    contexts: { known: { generation: 'g', revision: 7, contexts: [] } },
    register: {
      known: [{ gateway: 'gw-1', generation: 'g', revision: 7, writesInFlight: {}, seenAgoMs: 200 }],
    },
    lag: {
      known: {
        at: '2026-11-28T09:12:00.000Z',
        contexts: [{ name: 'inventory', ...figures }],
        total: figures,
        heartbeatMs: 10_000,
        unassigned: { types: [], ...figures },
        openTransaction: { state: 'none' },
        backfillDue: [],
        relays: [{ relay: 'relay-1', seenAgoMs: 1_800 }],
        problems: [],
      },
    },
    audit: { known: [change] },
  };
}

test('a context that may go on, on one screen', () => {
  expect(`\n${formatContext(judgeOne(readings(), 'inventory')!, NOW)}`).toBe(`
inventory: go · reads canary 10 %, writes legacy · seen so for 12 min
last change: 12 min ago (2026-11-28T09:00:00Z), set by ada: reads canary 5 % → canary 10 % (looks g…

criterion    outcome  reading                              required          evidence
gateways     go       1 of 1 at revision 7                 one revision      now
service      go       breaker closed                       closed, healthy   now
lag          go       outbox 7 ms, consumer 39 ms          ≤ 5 s             20 ms ago
parked       go       0                                    none              now
read errors  go       0 %; monolith 0 %                    ≤ monolith +1 %   1,204 reads, 5 min
read p95     go       25 ms (18 to 25 ms); monolith 25 ms  ≤ 1.5× or +20 ms  1,204 reads, 5 min
read p99     go       25 ms (18 to 25 ms); monolith 25 ms  ≤ 1.5× or +20 ms  1,204 reads, 5 min

next: banyan context set inventory --reads canary --percent 25   (25 % of the cohorts)
`);
});

test('a context that may not: why, and the way back', () => {
  const judged = judgeOne(readings(traffic(1_204, 80, 0.5)), 'inventory')!;
  expect(`\n${formatContext(judged, NOW)}`).toBe(`
inventory: no-go · reads canary 10 %, writes legacy · seen so for 12 min
last change: 12 min ago (2026-11-28T09:00:00Z), set by ada: reads canary 5 % → canary 10 % (looks g…

criterion    outcome  reading                                 required          evidence
gateways     go       1 of 1 at revision 7                    one revision      now
service      go       breaker closed                          closed, healthy   now
lag          go       outbox 7 ms, consumer 39 ms             ≤ 5 s             20 ms ago
parked       go       0                                       none              now
read errors  no-go    6.64 %; monolith 0 %                    ≤ monolith +1 %   1,204 reads, 5 min
read p95     no-go    495 ms (400 to 500 ms); monolith 25 ms  ≤ 1.5× or +20 ms  1,204 reads, 5 min
read p99     no-go    499 ms (400 to 500 ms); monolith 25 ms  ≤ 1.5× or +20 ms  1,204 reads, 5 min

! read errors: 6.64 % fail: 5.37 to 8.19 points more than the monolith’s; allowed are 1
! read p95: 16.22 to 27.5 times the monolith’s; allowed are 1.5
! read p99: 16.04 to 27.72 times the monolith’s; allowed are 1.5

next: banyan context undo inventory   (the latest change back)
  or: banyan kill inventory   (without the store)
`);
});

test('everything on one screen', () => {
  const all = readings();
  expect(`\n${formatOverview(all, judgeAll(all))}`).toBe(`
is it us? no: what has moved is well; the monolith does as before

monolith     as before: 0.03 % errors, p95 50 ms; before 0.03 % errors, p95 50 ms
gateways     1 of 1 reached, at revision 7, 12 requests under way, event loop p99 1.3 ms late
events       1 pending (7 ms), 0 parked, relays relay-1 (1.8 s ago), open transaction none
last change  inventory, 12 min ago (2026-11-28T09:00:00Z), set by ada: reads canary 5 % → canary 10…

context    verdict  reads        writes  for     lag    why
inventory  go       canary 10 %  legacy  12 min  39 ms
search     go       legacy       legacy  2 h     –
`);
});

test('what could not be learned is said, each by whom', () => {
  const away = { unknown: 'admin API http://127.0.0.1:9102: connect ECONNREFUSED' };
  const all: Readings = {
    ...readings(),
    gateways: [{ ops: '10.0.0.2:9101', problem: 'no answer within 2 s' }, ...readings().gateways],
    ...{ contexts: away, register: away, lag: away, audit: away },
  };
  expect(`\n${formatOverview(all, judgeAll(all))}`).toBe(`
is it us? unknown: 10.0.0.2:9101 was not reached: no answer within 2 s

monolith     as before: 0.03 % errors, p95 50 ms; before 0.03 % errors, p95 50 ms
gateways     1 of 2 reached, at revision 7, 12 requests under way, event loop p99 1.3 ms late
events       unknown: admin API http://127.0.0.1:9102: connect ECONNREFUSED
last change  unknown: admin API http://127.0.0.1:9102: connect ECONNREFUSED

context    verdict  reads        writes  for     lag  why
inventory  unknown  canary 10 %  legacy  12 min  ?    gateways: 10.0.0.2:9101 was not reached: no a…
search     unknown  legacy       legacy  2 h     –    gateways: 10.0.0.2:9101 was not reached: no a…

! gateway at 10.0.0.2:9101 was not reached: no answer within 2 s
! admin API http://127.0.0.1:9102: connect ECONNREFUSED
`);
});

test('a context that is killed everywhere is no-go, and no more us', () => {
  const kill = { id: '1', at: '2026-11-28T09:00:00Z', by: 'ada', reason: 'wrong stock', consent: null };
  const failing = traffic(1_204, 1_204);
  expect(judgeAll(readings(failing))).toMatchObject({ verdict: 'no-go', isItUs: { answer: 'yes' } });
  expect(judgeAll(readings(failing, { kill }))).toMatchObject({ verdict: 'no-go', isItUs: { answer: 'no' } });
  // Its writes still are the service's.
  const moved = { kill, writes: { stage: 'extracted' } } as const;
  expect(judgeAll(readings(failing, moved)).isItUs.answer).toBe('yes');
});

test('a screen has at most 24 lines of 100 columns, whatever was found', () => {
  const kill = {
    id: '1',
    at: '2026-11-28T09:00:00Z',
    by: 'a'.repeat(190),
    reason: 'b'.repeat(500),
    consent: null,
  };
  const all = readings(traffic(9, 9, 40), { kill, writes: { stage: 'extracted' } });
  const known = 'known' in all.lag ? all.lag.known : undefined;
  const contexts = known!.contexts.map((one) => ({
    ...{ ...one, oldestAgeMs: 60_000, parked: 3 },
    consumerHeld: { waiting: 12, oldestWaitingMs: 60_000, parked: 3, oldestParkedMs: 60_000 },
  }));
  const due = { capture: 'stock', context: 'inventory', stoppedAt: '2026-11-25 22:14:03' };
  const lag = { known: { ...known!, contexts, backfillDue: [due] } };
  const judged = judgeOne({ ...all, lag } as Readings, 'inventory')!;
  expect(judged.criteria.map(({ name }) => name)).toEqual(expect.arrayContaining(['held', 'backfill']));
  const lines = formatContext(judged, NOW).trimEnd().split('\n');
  expect(lines.length).toBeLessThanOrEqual(24);
  expect(Math.max(...lines.map((line) => [...line].length))).toBeLessThanOrEqual(100);
});

test('the overview says what consumers hold, and that nobody knows', () => {
  const all = readings();
  const line = (consumerHeld?: LagReport['total']['consumerHeld']) => {
    const known = 'known' in all.lag ? all.lag.known : undefined;
    const total = { ...known!.total, ...(consumerHeld === undefined ? {} : { consumerHeld }) };
    const told = { ...all, lag: { known: { ...known!, total } } } as Readings;
    return /^events .*$/m.exec(formatOverview(told, judgeAll(told)))![0];
  };
  const held = { waiting: 3, oldestWaitingMs: 7, parked: 1, oldestParkedMs: 7 };
  expect(line(held)).toContain('0 parked, consumers hold 3, 1 parked, relays');
  expect(line(null)).toContain('0 parked, held unknown, relays');
  expect(line()).toContain('0 parked, relays');
});
