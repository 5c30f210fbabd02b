import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, inject, onTestFinished, test } from 'vitest';
import { startRedis } from '../../demo/servers/redis.ts';
import type { JobState, Order } from '../../relay/index.ts';
import { drained, numbers, scene, type Scene } from '../relay/support.ts';
import { until } from '../support/until.ts';
import { banyan } from './support/banyan.ts';
import { openSite, type Site } from './support/site.ts';

async function site(it: Scene, redis: string | undefined): Promise<Site> {
  const opened = await openSite();
  onTestFinished(() => opened.stop());
  await writeFile(
    join(opened.folder, 'banyan.yaml'),
    `upstreams: { monolith: { url: '${opened.monolith}' } }
outbox: { database: '${it.url}' }
${redis === undefined ? '' : `redis: ${redis}`}
`,
  );
  return opened;
}

test('jobs are listed with what came of the last run and when the next is due', async () => {
  const it = await scene();
  const { folder: cwd } = await site(it, inject('redis'));
  const never = await banyan(['jobs'], { cwd });
  expect(never.stdout).toMatch(/^purge\s+never .*no relay runs jobs$/m);
  expect(never.exitCode).toBe(1);

  await it.append(['k', 1]);
  const relay = await it.relay({ redis: inject('redis'), retention: 1, purgeEvery: 400 });
  const read = async (id: string) =>
    JSON.parse((await banyan(['jobs', 'show', id, '--json'], { cwd })).stdout) as JobState;
  await until('the row is purged', async () => (await it.states()).settled === 0);
  const purge = await until('a run is over', async () => {
    const state = await read('purge');
    return state.last && state;
  });
  expect(purge).toMatchObject({ job: 'purge', last: { result: { buckets: 64 } } });
  expect(Date.parse(purge.nextRun!)).toBeGreaterThan(Date.parse(purge.last!.at) - 1_000);
  const listed = await banyan(['jobs', 'list'], { cwd });
  expect(listed.stdout).toMatch(/^purge\s+(waiting|active) .*buckets 64, deleted \d/m);
  expect(listed.exitCode).toBe(0);
  const shown = await banyan(['jobs', 'show', 'purge'], { cwd });
  expect(shown.stdout).toMatch(/^last run\s+20.*took .*buckets 64/m);
  await relay.stop();

  const other = await banyan(['jobs', 'show', 'other'], { cwd });
  expect(other.stderr).toMatch(/there is no job 'other'; there are purge/);
  expect(other.exitCode).toBe(1);
});

test('a redrive that the relays are asked for is listed with how far it is, and cancelled, audited', async () => {
  const it = await scene();
  const { folder: cwd } = await site(it, inject('redis'));
  await it.append(['k', 1], ['k', 2], ['other', 1]);
  await it.database.query("UPDATE banyan_outbox SET state = 'parked', parked_at = NOW(6)");
  const asked = await banyan(['parked', 'redrive', '--key', 'thing:k', '--job', '--yes', '--actor', 'ann'], {
    cwd,
  });
  expect(asked).toMatchObject({ exitCode: 0, stderr: '' });
  const id = /^(redrive-\S+): a relay with Redis makes 2 events pending again; see banyan jobs\n$/.exec(
    asked.stdout,
  )![1]!;
  expect((await it.states()).parked).toBe(3);
  const [listed, job] = await Promise.all([
    banyan(['jobs'], { cwd }),
    banyan(['jobs', 'cancel', 'purge'], { cwd }),
  ]);
  expect(listed.stdout).toMatch(new RegExp(`^${id}  waiting  0 of 2 +ann `, 'm'));
  expect(job).toMatchObject({ exitCode: 2 });
  expect(job.stderr).toContain("'purge' runs by itself, and is not cancelled");
  const cancelled = await banyan(['jobs', 'cancel', id, '--actor', 'bob', '--reason', 'not yet'], { cwd });
  expect(cancelled.stdout).toBe(`${id}: nothing more of it is done; what was done stays done, and is sent\n`);
  const [shown, audit] = await Promise.all([
    banyan(['jobs', 'show', id, '--json'], { cwd }),
    banyan(['parked', 'audit'], { cwd }),
  ]);
  expect(JSON.parse(shown.stdout)).toMatchObject({
    id,
    job: 'redrive',
    state: 'cancelled',
    done: 0,
    total: 2,
  });
  expect(audit.stdout).toMatch(new RegExp(`bob +cancelled +${id} +redrive +not yet +0 of 2 done$`, 'm'));
});

test('a job whose last run failed is named with the reason', async () => {
  const it = await scene();
  const { folder: cwd } = await site(it, inject('redis'));
  await it.database.query('RENAME TABLE banyan_outbox TO gone');
  await it.relay({ redis: inject('redis'), purgeEvery: 60_000 });
  const failing = await until('a run has failed', async () => {
    const ran = await banyan(['jobs'], { cwd });
    return ran.stdout.includes('failing') ? ran : undefined;
  });
  expect(failing.stdout).toMatch(/^purge\s+failing .*failed: .*banyan_outbox/m);
  expect(failing.exitCode).toBe(1);
});

test('what is asked for while Redis is away waits in the database, and is done once when Redis comes back, though empty', async () => {
  const it = await scene();
  const redis = await startRedis();
  onTestFinished(() => redis.stop());
  const { folder: cwd } = await site(it, redis.url);
  const due = () =>
    it.database.query(
      `INSERT INTO banyan_outbox
         (event_id, source, type, aggregate_type, aggregate_id, data, state, outcome, server_clock, appended_at, settled_at)
       VALUES (UUID(), '/m', 'Due', 'due', '1', '{}', 'settled', 'silent', NULL, NOW(6) - INTERVAL 3 HOUR, NOW(6) - INTERVAL 3 HOUR)`,
    );
  const dueLeft = async () => {
    const [rows] = await it.database.query("SELECT 1 FROM banyan_outbox WHERE type = 'Due'");
    return (rows as unknown[]).length;
  };
  await due();
  await it.append(...numbers(20).map((n): [string, number] => ['old', n]));
  await it.relay({ redis: redis.url, retention: 3_600_000, purgeEvery: 200 });
  await drained(it);
  await until('the jobs run', async () => (await dueLeft()) === 0);
  await until('all of them have run', async () => (await banyan(['jobs'], { cwd })).exitCode === 0);

  redis.kill('SIGKILL');
  await until('its absence is noticed', () => it.logged.some((line) => line.includes('redis')));
  await due();
  // Taken out by hand, with one behind them that waits.
  await it.appendAtOnce(numbers(4).map((n) => ['held', n]));
  await drained(it);
  await it.database.query(
    "UPDATE banyan_outbox SET state = 'parked', parked_at = NOW(6), parked_reason = 'why', settled_at = NULL, outcome = NULL WHERE aggregate_id = 'held'",
  );
  await it.append(['held', 5]);
  const before = (await it.deliveries()).length;
  const [replay, redrive] = await Promise.all([
    banyan(['replay', '--type', 'ThingHappened', '--key', 'thing:old', '--from', '2020-01-01'], { cwd }),
    banyan(['parked', 'redrive', '--key', 'thing:held', '--job', '--yes'], { cwd }),
  ]);
  expect([replay.exitCode, redrive.exitCode]).toEqual([0, 0]);
  const ids = [replay, redrive].map(({ stdout }) => /^((replay|redrive)-\S+):/m.exec(stdout)![1]!);
  const orders = async () => {
    const shown = await Promise.all(ids.map((id) => banyan(['jobs', 'show', id, '--json'], { cwd })));
    return shown.map(({ stdout }) => JSON.parse(stdout) as Order);
  };
  // Live events go on, and the orders can be seen, though nobody knows how the jobs are.
  await it.append(['live', 1]);
  await until('the live event is sent', async () => (await it.deliveries()).length === before + 1);
  const seen = await banyan(['jobs'], { cwd });
  expect(seen).toMatchObject({
    stderr: expect.stringContaining("unknown: redis can't be reached"),
    exitCode: 1,
  });
  for (const id of ids) expect(seen.stdout).toMatch(new RegExp(`^${id} +waiting +0 of `, 'm'));
  expect(await orders()).toMatchObject([
    { state: 'waiting', done: 0, total: 20 },
    { state: 'waiting', done: 0, total: 4 },
  ]);
  expect(await dueLeft()).toBe(1);

  await redis.restart();
  await until('both are done', async () => (await orders()).every(({ state }) => state === 'completed'));
  await until('what was due is purged', async () => (await dueLeft()) === 0);
  await drained(it);
  expect(await orders()).toMatchObject([{ done: 20 }, { done: 4 }]);
  expect(await it.published()).toEqual({
    'thing:old': [...numbers(20), ...numbers(20)],
    'thing:held': [...numbers(4), ...numbers(5)],
    'thing:live': [1],
  });
  await until('all jobs run again', async () => (await banyan(['jobs'], { cwd })).exitCode === 0);
});

test('what nobody knows is said: redis away, the database away, none configured', async () => {
  const it = await scene();
  const away = await site(it, 'redis://127.0.0.1:1');
  const unknown = await banyan(['jobs'], { cwd: away.folder });
  expect(unknown.stderr).toMatch(/unknown: redis can't be reached: connect ECONNREFUSED/);
  expect(unknown.exitCode).toBe(1);

  const noDatabase = await site({ ...it, url: 'mysql://a:b@127.0.0.1:1/shop' }, inject('redis'));
  const nameless = await banyan(['jobs'], { cwd: noDatabase.folder });
  expect(nameless.stderr).toMatch(/unknown: the database can't be reached/);
  expect(nameless.exitCode).toBe(1);

  const none = await site(it, undefined);
  const usage = await banyan(['jobs', 'list'], { cwd: none.folder });
  expect(usage.stderr).toMatch(/jobs need redis/);
  expect(usage.exitCode).toBe(2);
});
