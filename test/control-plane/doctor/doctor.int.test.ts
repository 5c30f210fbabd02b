import { randomBytes } from 'node:crypto';
import { afterAll, expect, inject, onTestFinished, test } from 'vitest';
import { diagnose, isSound, type Finding, type Patient } from '../../../control-plane/doctor/index.ts';
import { stopCaptures } from '../../../control-plane/budget/stop-captures.ts';
import { grantsText } from '../../../control-plane/install/grants.ts';
import { applyCapture } from '../../../legacy-adapter/index.ts';
import { openDatabase } from '../../../runtime/database.ts';
import { freshDatabase } from '../../support/database.ts';
import { startKinesisProxy } from '../../support/kinesis-proxy.ts';
import { freshStream, readStream } from '../../support/stream.ts';

const credentials = { accessKeyId: 'test', secretAccessKey: 'test' };
const url = await freshDatabase('outbox', 'inbox', 'control');
const name = url.split('/').at(-1)!;
const admin = openDatabase(url);
afterAll(() => admin.end());
const look = (patient: Partial<Patient>) =>
  diagnose({ databases: {}, captured: [], requestTimeout: 5_000, ...patient });
const of = (findings: readonly Finding[], check: string) => findings.filter((one) => one.check === check);

/** A user of the outbox with the rights of the relay, as the documentation gives them, or of another role. */
async function relayUser(
  role = 'banyan_relay',
  text = grantsText('outbox', name),
): Promise<{ url: string; user: string }> {
  const user = `r_${randomBytes(4).toString('hex')}`;
  await admin.query(`CREATE USER '${user}'@'%' IDENTIFIED BY 'pw'`);
  onTestFinished(() => admin.query(`DROP USER '${user}'@'%'`).then(() => {}));
  for (const line of text.split('\n'))
    if (line.startsWith('GRANT') && line.includes(`'${role}'`))
      await admin.query(line.replace(`'${role}'`, `'${user}'`));
  return { url: url.replace('root@', `${user}:pw@`), user };
}

test('a sound installation has neither a problem nor an unknown, and nothing is written by looking', async () => {
  const stream = await freshStream(2);
  const findings = await look({
    databases: { outbox: url, inbox: url, control: url },
    stream: { name: stream, region: 'us-east-1', endpoint: inject('kinesis') },
    credentials,
    redis: inject('redis'),
    retention: 604_800_000,
  });
  expect(findings.filter(({ level }) => level === 'problem' || level === 'unknown')).toEqual([]);
  expect(isSound(findings)).toBe(true);
  expect(new Set(findings.map(({ target }) => target))).toEqual(
    new Set(['outbox', 'inbox', 'control', 'stream', 'redis']),
  );
  expect(of(findings, 'rights').map(({ found }) => found.split(' ')[0])).toEqual([
    'kinesis:DescribeStreamSummary',
    'kinesis:ListShards',
    'kinesis:PutRecords',
  ]);
  expect(of(findings, 'clock').map(({ target }) => target)).toContain('stream');
  expect(await readStream(stream)).toEqual([]);
});

test('every stream that the relays send to is looked at, and one that is missing is named', async () => {
  const endpoint = inject('kinesis');
  const at = (name: string) => ({ name, region: 'us-east-1', endpoint });
  const further = await freshStream(3);
  const findings = await look({
    stream: at(await freshStream(1)),
    streams: [at(further), at('not-there')],
    credentials,
  });
  expect(of(findings, 'state').map(({ target, found }) => [target, /with (.*)/.exec(found)?.[1]])).toEqual([
    ['stream', '1 open shards'],
    [`stream ${further}`, '3 open shards'],
  ]);
  const amiss = findings.filter(({ level }) => level !== 'ok' && level !== 'warning');
  expect(new Set(amiss.map(({ target }) => target))).toEqual(new Set(['stream not-there']));
  expect(await readStream(further)).toEqual([]);
});

test('a missing index and a missing column are named; what it says to do for the index brings it back', async () => {
  const broken = await freshDatabase('outbox');
  const database = openDatabase(broken);
  onTestFinished(() => database.end());
  await database.query('ALTER TABLE banyan_outbox DROP INDEX banyan_outbox_state_bucket');
  await database.query('ALTER TABLE banyan_outbox DROP COLUMN outcome');
  const findings = await look({ databases: { outbox: broken } });
  expect(of(findings, 'columns')[0]!.found).toContain('sees no banyan_outbox.outcome');
  const [index, ...more] = of(findings, 'indexes');
  expect(more).toEqual([]);
  expect(index).toMatchObject({
    level: 'problem',
    found: expect.stringContaining('banyan_outbox_state_bucket'),
  });
  await database.query(index!.todo);
  expect(of(await look({ databases: { outbox: broken } }), 'indexes')[0]!.level).toBe('ok');
});

test("the relay's documented rights are enough, and one that is missing is named with the GRANT that gives it", async () => {
  const relay = await relayUser();
  const before = await look({ databases: { outbox: relay.url } });
  expect(of(before, 'grants')[0]).toMatchObject({
    level: 'ok',
    found: `${relay.user}@% has all rights of the relay, and not the control plane`,
  });
  await admin.query(`REVOKE DELETE ON ${name}.banyan_outbox FROM '${relay.user}'@'%'`);
  const [lacking] = of(await look({ databases: { outbox: relay.url } }), 'grants');
  expect(lacking).toMatchObject({ level: 'problem', found: `${relay.user}@% lacks DELETE on banyan_outbox` });
  await admin.query(lacking!.todo);
  expect(of(await look({ databases: { outbox: relay.url } }), 'grants')[0]!.level).toBe('ok');
});

test.each([
  ['outbox', 'banyan_relay'],
  ['outbox', 'banyan_control'],
  ['inbox', 'banyan_service'],
  ['control', 'banyan_control'],
] as const)(
  'with the documented rights and no more nothing of the %s is missing for %s',
  async (set, role) => {
    const user = await relayUser(role, grantsText(set, name));
    const findings = await look({ databases: { [set]: user.url } });
    expect(['grants', 'columns', 'indexes'].flatMap((check) => of(findings, check))).toMatchObject(
      Array.from({ length: 3 }, () => ({ level: 'ok' })),
    );
  },
);

test('the control plane can stop captures with the rights that are printed where that is configured, and lacks them otherwise', async () => {
  await admin.query('CREATE TABLE captured (id INT PRIMARY KEY, name VARCHAR(20))');
  onTestFinished(() => admin.query('DROP TABLE captured').then(() => {}));
  const capture = {
    ...{ name: 'captured', table: 'captured', key: 'id', columns: ['name'], aggregate: 'captured' },
  };
  await applyCapture(admin, capture);
  const without = await relayUser('banyan_control');
  const wanted = { captured: ['captured'], stopsCapture: true };
  const [, lacking] = of(await look({ databases: { outbox: without.url }, ...wanted }), 'grants');
  expect(lacking).toMatchObject({
    level: 'problem',
    found: `${without.user}@% lacks TRIGGER on captured`,
  });
  const stops = async (user: string) => {
    const database = openDatabase(user);
    try {
      return await stopCaptures(database, [{ name: 'captured' }], 1);
    } finally {
      await database.end();
    }
  };
  await expect(stops(without.url)).rejects.toThrow(/TRIGGER/i);
  const control = await relayUser('banyan_control', grantsText('outbox', name, ['captured']));
  const [, held] = of(await look({ databases: { outbox: control.url }, ...wanted }), 'grants');
  expect(held).toMatchObject({ level: 'ok' });
  expect(await stops(control.url)).toEqual(['captured']);
});

test('what a user may not see is unknown, and the GRANT that is named shows it', async () => {
  const relay = await relayUser();
  const [history] = of(await look({ databases: { outbox: relay.url } }), 'history');
  // MariaDB tells it to everybody.
  if ((history!.level as string) !== 'ok') {
    expect(history).toMatchObject({ level: 'unknown', todo: `GRANT PROCESS ON *.* TO '${relay.user}'@'%'` });
    await admin.query(history!.todo);
  }
  expect(of(await look({ databases: { outbox: relay.url } }), 'history')[0]!.level).toBe('ok');
});

test('tables that are not InnoDB or have no primary key are named', async () => {
  await admin.query('CREATE TABLE bare (n INT)');
  await admin.query('CREATE TABLE old (n INT PRIMARY KEY) ENGINE=MyISAM');
  onTestFinished(() => admin.query('DROP TABLE bare, old').then(() => {}));
  const findings = of(await look({ databases: { outbox: url }, captured: ['old'] }), 'tables');
  expect(findings.map(({ level, found }) => `${level}: ${found}`)).toEqual([
    'problem: old, which is captured, is MyISAM',
    'warning: bare: without a primary key',
  ]);
});

test('a right of IAM that is denied is named, found out without writing; what is no answer is unknown', async () => {
  const stream = await freshStream(1);
  const proxy = await startKinesisProxy(inject('kinesis'));
  onTestFinished(() => proxy.stop());
  const address = { name: stream, region: 'us-east-1', endpoint: proxy.url };
  proxy.fault(({ operation }) =>
    operation === 'PutRecords'
      ? { kind: 'error', type: 'AccessDeniedException', status: 400 }
      : operation === 'ListShards'
        ? { kind: 'error', type: 'InternalFailure', status: 500 }
        : undefined,
  );
  const findings = of(await look({ stream: address, credentials }), 'rights');
  expect(
    findings.map(({ level, found }) => `${level}: ${found.split(/[ :]/).slice(0, 3).join(' ')}`),
  ).toEqual([
    'ok: kinesis DescribeStreamSummary is',
    'unknown: kinesis ListShards ',
    'problem: kinesis PutRecords is',
  ]);
  expect(findings[2]!.todo).toContain('"Action":"kinesis:PutRecords"');
  proxy.fault(() => undefined);
  const allowed = of(await look({ stream: address, credentials }), 'rights');
  expect(allowed.every(({ level }) => level === 'ok')).toBe(true);
  expect(await readStream(stream)).toEqual([]);
});

test('what can not be reached is unknown, and the rest is told all the same', async () => {
  const findings = await look({
    databases: { outbox: 'mysql://root@127.0.0.1:1/shop', control: url },
    redis: 'redis://127.0.0.1:1',
  });
  expect(of(findings, 'reached').map(({ target, level }) => `${target}: ${level}`)).toEqual([
    'outbox: unknown',
    'redis: unknown',
  ]);
  expect(findings.some(({ target, check }) => target === 'control' && check === 'indexes')).toBe(true);
});
