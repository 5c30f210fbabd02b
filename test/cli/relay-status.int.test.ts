import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import type { Ownership } from '../../relay/index.ts';
import { until } from '../support/until.ts';
import { numbers, scene } from '../relay/support.ts';
import { banyan } from './support/banyan.ts';

test('banyan relay status says who owns what and what is in hand, fails without an owner, and a killed relay is forgotten by name', async () => {
  const it = await scene();
  const folder = await mkdtemp(join(tmpdir(), 'banyan-relay-status-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  await writeFile(
    join(folder, 'banyan.yaml'),
    `upstreams: { monolith: { url: http://127.0.0.1:1 } }\noutbox: { database: '${it.url}' }\n`,
  );
  const run = (...args: string[]) => banyan(['relay', ...args], { cwd: folder });

  const empty = await run('status');
  expect(empty.exitCode).toBe(1);
  expect(empty.stdout).toContain('! no relay runs');
  expect(empty.stdout).toContain('! nobody owns buckets 0-63');

  // One event after the other, a second each: whenever the relay tells what it has in hand, it is one.
  it.proxy.fault(({ operation }) =>
    operation === 'PutRecords' && it.proxy.puts.length > 1
      ? { kind: 'delay', milliseconds: 1_000 }
      : undefined,
  );
  const relay = await it.relay({ name: 'first', lease: 3_000, requestTimeout: 1_500 });
  await it.append(['a', 1]);
  await until('it is settled', async () => (await it.states()).settled === 1);
  await it.append(...numbers(12).map((n): [string, number] => ['a', n]));
  const found = await until('it tells of a request in flight', async () => {
    const { exitCode, stdout } = await run('status', '--json');
    const status = JSON.parse(stdout) as Ownership;
    return status.relays[0]?.inFlight === 1 ? { exitCode, status } : undefined;
  });
  expect(found.exitCode).toBe(0);
  expect(found.status.problems).toEqual([]);
  expect(found.status.relays).toMatchObject([
    {
      relay: expect.stringMatching(/^first~/),
      member: true,
      epochs: [expect.any(Number), expect.any(Number)],
    },
  ]);
  expect(found.status.relays[0]!.buckets).toHaveLength(64);
  expect(found.status.relays[0]!.acknowledgedAgoMs).toBeGreaterThan(0);
  expect(found.status.mostPending[0]!.pending).toBeGreaterThan(0);
  expect((await run('status')).stdout).toMatch(
    /^relay +seen +buckets +which +epochs +lease +in flight +unsettled +acknowledged +pending\nfirst~\w+ +\d+ m?s ago +64 +0-63 +\d+ /,
  );
  expect(await run('forget', 'first')).toMatchObject({
    exitCode: 1,
    stderr: expect.stringContaining('silent'),
  });
  await relay.stop();

  await it.database.query(
    `INSERT INTO banyan_outbox_relay (relay, seen_at, settled_by_type) VALUES ('dead~1', CURRENT_TIMESTAMP(6) - INTERVAL 1 MINUTE, '{}')`,
  );
  expect((await run('status')).stdout).toContain('! dead~1 has been silent for 6');
  expect(await run('forget', 'dead')).toMatchObject({
    exitCode: 0,
    stdout: 'forgotten: 1 relay named dead\n',
  });
  expect((await run('status')).stdout).not.toContain('dead');
  const mistaken = await run('forget');
  expect(mistaken.exitCode).toBe(2);
});
