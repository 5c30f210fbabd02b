import { describe, expect, test } from 'vitest';
import { checkDatabase } from '../../../control-plane/doctor/check-database.ts';
import { clock } from '../../../control-plane/doctor/checks/clock.ts';
import { REDIS_CHECKS } from '../../../control-plane/doctor/checks/redis.ts';
import { STREAM_CHECKS } from '../../../control-plane/doctor/checks/stream.ts';
import type { DatabaseFacts } from '../../../control-plane/doctor/facts.ts';
import { isSound } from '../../../control-plane/doctor/finding.ts';
import { SOUND, soundFacts } from './facts.ts';

const terms = { captured: [], stopsCapture: false, recordBytes: 1_048_576 };
/** What isn't well, as `check: level`. */
const amiss = (facts: DatabaseFacts, captured: string[] = []) =>
  checkDatabase(facts, { ...terms, captured })
    .filter(({ level }) => level !== 'ok')
    .map(({ check, level }) => `${check}: ${level}`);
const withVariables = (changed: Record<string, string>) =>
  soundFacts({ variables: { ...SOUND, ...changed } });

test('a sound outbox has no finding that is not ok, and each check says something of it', () => {
  const findings = checkDatabase(soundFacts(), terms);
  expect(findings.filter(({ level }) => level !== 'ok')).toEqual([]);
  expect(findings.map(({ check }) => check)).toContain('skip-locked');
  expect(isSound(findings)).toBe(true);
});

test('the right to stop captures at the budget is asked for where that is configured', () => {
  const grants = [
    'GRANT ALL PRIVILEGES ON `shop`.`banyan_outbox` TO `r`@`%`',
    'GRANT TRIGGER ON `shop`.`product` TO `r`@`%`',
  ];
  const said = (captured: string[], stopsCapture: boolean) =>
    checkDatabase(soundFacts({ user: 'r@%', grants }), { ...terms, captured, stopsCapture })
      .filter(({ check }) => check === 'grants')
      .slice(1);
  expect(said(['product', 'stock'], false)).toEqual([]);
  expect(said(['product'], true)).toMatchObject([{ level: 'ok' }]);
  expect(said(['product', 'stock', 'stock'], true)).toMatchObject([
    {
      level: 'problem',
      found: 'r@% lacks TRIGGER on stock',
      todo: "GRANT TRIGGER ON `shop`.`stock` TO 'r'@'%'",
    },
  ]);
});

test('every finding that is not ok says what was found, what is required and what to do', () => {
  const broken = soundFacts({
    version: '5.7.44',
    servers: ['a', 'b'],
    stableSession: false,
    grants: [],
    columns: {},
    isolation: 'REPEATABLE-READ',
    history: { why: 'denied', grant: "GRANT PROCESS ON *.* TO 'r'@'%'" },
    variables: { ...SOUND, read_only: 'ON', binlog_format: 'STATEMENT', wait_timeout: '5', wsrep_on: 'ON' },
  });
  const findings = checkDatabase(broken, { ...terms, captured: ['orders'] });
  const bad = findings.filter(({ level }) => level !== 'ok');
  expect(bad.length).toBeGreaterThan(10);
  for (const { found, required, todo } of bad)
    expect([found, required, todo].every((text) => text.length > 3)).toBe(true);
  expect(isSound(findings)).toBe(false);
});

describe('one thing amiss is one finding', () => {
  test.each([
    ['an old MySQL', soundFacts({ version: '5.7.44-log' }), 'version: problem'],
    ['an old MariaDB', soundFacts({ version: '10.4.34-MariaDB' }), 'version: problem'],
    ['two servers behind one URL', soundFacts({ servers: ['a', 'b'] }), 'server: problem'],
    ['a proxy that multiplexes', soundFacts({ stableSession: false }), 'session: problem'],
    ['a node of Galera', withVariables({ wsrep_on: 'ON' }), 'cluster: warning'],
    ['a replica', withVariables({ read_only: 'ON' }), 'writable: problem'],
    ['a replica of MariaDB 12', withVariables({ read_only: 'NO_LOCK_NO_ADMIN' }), 'writable: problem'],
    ["Aurora's reader", withVariables({ innodb_read_only: 'ON' }), 'writable: problem'],
    ['a user without rights', soundFacts({ grants: ['GRANT USAGE ON *.* TO `r`@`%`'] }), 'grants: problem'],
    ['a session at another isolation', soundFacts({ isolation: 'REPEATABLE-READ' }), 'isolation: problem'],
    [
      'others at SERIALIZABLE',
      withVariables({ transaction_isolation: 'SERIALIZABLE' }),
      'isolation: warning',
    ],
    ['statements in the binary log', withVariables({ binlog_format: 'STATEMENT' }), 'binary-log: problem'],
    ['a mixed binary log', withVariables({ binlog_format: 'MIXED' }), 'binary-log: warning'],
    ['commits that are not flushed', withVariables({ sync_binlog: '0' }), 'durability: warning'],
    ['a long history', soundFacts({ history: { value: 100_000 } }), 'history: warning'],
    ['a very long history', soundFacts({ history: { value: 5_000_000 } }), 'history: problem'],
    ['a history that nobody sees', soundFacts({ history: { why: '-', grant: '-' } }), 'history: unknown'],
    ['small packets', withVariables({ max_allowed_packet: '1048576' }), 'packet: warning'],
    ['short time-outs', withVariables({ wait_timeout: '10' }), 'timeouts: warning'],
    ['a clock that is off', soundFacts({ clock: { ahead: -60_000, within: 5 } }), 'clock: warning'],
  ])('%s', (_, facts, expected) => {
    expect(amiss(facts)).toEqual([expected]);
  });

  test('but not what concerns the outbox alone, in another set', () => {
    const small = { ...withVariables({ max_allowed_packet: '1048576' }), set: 'control' as const };
    expect(amiss(small)).not.toContain('packet: warning');
  });
});

describe('what a user is shown no part of isn’t missing', () => {
  const seen = (grants: string[], without: string[]) => {
    const { columns, indexes } = soundFacts();
    const rest = <T>(of: Readonly<Record<string, T>>) =>
      Object.fromEntries(Object.entries(of).filter(([table]) => !without.includes(table)));
    const facts = soundFacts({ user: 'r@%', grants, columns: rest(columns), indexes: rest(indexes) });
    return checkDatabase(facts, terms).filter(({ check }) => check === 'columns');
  };
  const all = Object.keys(soundFacts().columns);
  const onAllBut = (table: string) =>
    all.filter((one) => one !== table).map((one) => `GRANT SELECT ON \`shop\`.\`${one}\` TO \`r\`@\`%\``);

  test('a table without a right on it', () => {
    expect(seen(onAllBut('banyan_outbox_limit'), ['banyan_outbox_limit'])).toMatchObject([
      { level: 'ok', found: expect.stringContaining('of 1 tables it sees nothing or a part') },
    ]);
    expect(seen(onAllBut('banyan_outbox_pause'), ['banyan_outbox_limit'])).toMatchObject([
      { level: 'problem', found: 'r@% sees no banyan_outbox_limit' },
    ]);
  });

  test('but a user who sees nothing at all knows nothing', () => {
    expect(seen(['GRANT USAGE ON *.* TO `r`@`%`'], all)).toMatchObject([{ level: 'unknown' }]);
  });

  test('an index with a column without a right on it', () => {
    const grants = ['GRANT SELECT (`id`, `state`, `bucket`) ON `shop`.`banyan_outbox` TO `r`@`%`'];
    const missing = (indexes: Record<string, string[]>) =>
      checkDatabase(soundFacts({ grants, indexes }), terms).filter(
        ({ check, level }) => check === 'indexes' && level !== 'ok',
      );
    expect(missing({ banyan_outbox: ['PRIMARY (id)'] })).toEqual([]);
    expect(missing({})).toMatchObject([{ found: 'banyan_outbox has no index PRIMARY (id)' }]);
  });
});

test('a table of a capture must be InnoDB and have a primary key; of others it is worth knowing', () => {
  const tables = [
    ...soundFacts().tables,
    { name: 'orders', engine: 'MyISAM', primaryKey: false, charset: 'utf8mb4' },
  ];
  expect(amiss(soundFacts({ tables }), ['orders'])).toEqual(['tables: problem', 'tables: problem']);
  expect(amiss(soundFacts({ tables }))).toEqual(['tables: warning', 'tables: warning']);
});

test('a captured table that the user does not see is unknown, with the right that shows it', () => {
  const findings = checkDatabase(soundFacts({ user: "o'hara@10.%" }), { ...terms, captured: ['orders'] });
  expect(findings.find(({ level }) => level === 'unknown')).toMatchObject({
    check: 'tables',
    todo: expect.stringContaining("GRANT SELECT ON `shop`.`orders` TO 'o''hara'@'10.%'"),
  });
});

test('a clock is judged by what the way of the answer leaves open, and harder where AWS signs by it', () => {
  expect(clock('c', { ahead: 3_000, within: 1_500 }).level).toBe('ok');
  expect(clock('c', { ahead: 3_000, within: 500 }).level).toBe('warning');
  expect(clock('c', { ahead: -400_000, within: 500 }).level).toBe('warning');
  expect(clock('c', { ahead: -400_000, within: 500 }, true).level).toBe('problem');
});

test('a stream is held against the configuration', () => {
  const facts = {
    ...{ name: 'shop', status: 'ACTIVE', mode: 'PROVISIONED', openShards: 4, retentionHours: 168 },
    ...{ encrypted: true, recordBytes: 1_048_576 },
  };
  const say = (changed: Partial<typeof facts>) =>
    Object.entries(STREAM_CHECKS)
      .map(([name, check]) => [
        name,
        check({ ...facts, ...changed }, { retention: 604_800_000, requestTimeout: 1_000 }).level,
      ])
      .filter(([, level]) => level !== 'ok');
  expect(say({})).toEqual([]);
  expect(say({ status: 'DELETING' })).toEqual([['state', 'problem']]);
  expect(say({ retentionHours: 24 })).toEqual([['retention', 'warning']]);
  expect(say({ recordBytes: 10 * 1_048_576 })).toEqual([['limits', 'warning']]);
  expect(say({ encrypted: false })).toEqual([['encryption', 'warning']]);
});

test('a Redis that throws keys out is named, and one that is too old for the jobs', () => {
  const facts = { version: '7.2.4', eviction: 'noeviction', clock: { ahead: 0, within: 1 } };
  expect(Object.values(REDIS_CHECKS).map((check) => check(facts).level)).toEqual(['ok', 'ok', 'ok']);
  expect(REDIS_CHECKS['eviction']!({ ...facts, eviction: 'allkeys-lru' }).level).toBe('warning');
  expect(REDIS_CHECKS['eviction']!({ ...facts, eviction: undefined }).level).toBe('unknown');
  expect(REDIS_CHECKS['version']!({ ...facts, version: '5.0.7' }).level).toBe('problem');
});
