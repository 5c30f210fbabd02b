import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, inject, onTestFinished, test } from 'vitest';
import type { CompletenessReport } from '../../relay/index.ts';
import { scene } from '../relay/support.ts';
import { untilOpenTransactions } from '../support/until.ts';
import { banyan } from './support/banyan.ts';
import { openSite } from './support/site.ts';

test('an unsent event that was settled is named by the command, by the job’s log and by the metrics', async () => {
  const it = await scene();
  const { folder: cwd, monolith, stop } = await openSite();
  onTestFinished(stop);
  await writeFile(
    join(cwd, 'banyan.yaml'),
    `upstreams: { monolith: { url: '${monolith}' } }\noutbox: { database: '${it.url}' }\n`,
  );
  const begun = await banyan(['audit', 'events'], { cwd });
  expect(begun.stdout).toMatch(/^events: not provable\n.*\nno window of time has closed since$/m);
  expect(begun.exitCode).toBe(1);

  await it.append(['k', 1]);
  await it.database.query(
    "UPDATE banyan_outbox SET server_clock = NULL, appended_at = appended_at - INTERVAL 30 MINUTE, state = 'settled', settled_at = NOW(6)",
  );
  await it.database.query('UPDATE banyan_outbox_completeness SET done_until = done_until - INTERVAL 1 HOUR');
  const relay = await it.relay({ redis: inject('redis'), ops: '127.0.0.1:0' });
  await untilOpenTransactions('the job has found it', async () =>
    /^banyan_outbox_audit_holes 1$/m.test(await (await fetch(`${relay.opsUrl}/metrics`)).text()),
  );
  expect(it.logged.filter((line) => line.includes('hole: an event of thing:k'))).toHaveLength(1);

  const told = await banyan(['audit', 'events'], { cwd });
  expect(told.stdout).toMatch(/^events: hole$/m);
  expect(told.stdout).toMatch(/^ThingHappened .*not provable$/m);
  expect(told.stdout).toMatch(
    /^! unsent: thing:k, event \S+ \(ThingHappened, row 1\): settled without an outcome/m,
  );
  expect(told.exitCode).toBe(1);
  const json = JSON.parse(
    (await banyan(['audit', 'events', '--json'], { cwd })).stdout,
  ) as CompletenessReport;
  expect(json).toMatchObject({ verdict: 'hole', holes: [{ kind: 'unsent', key: 'thing:k' }] });
});
