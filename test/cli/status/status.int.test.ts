import { expect, test } from 'vitest';
import { closedUrl, startUpstream } from '../../gateway/support/upstream.ts';
import { until } from '../../support/until.ts';
import { startChild } from '../../../demo/servers/child.ts';
import { banyan, CLI } from '../support/banyan.ts';
import { nextOf, openStatusSite, opsOf } from './site.ts';

/** Half of the cohorts on the service, so that few requests are enough on both sides. */
const HALF = { reads: 'canary', percent: 50 };
/** Few are enough; a slow machine makes neither side slow enough. */
const LOOSE = '{ minSamples: 20, errorRate: 30, latency: 20, slack: 5s }';

test('a canary that does as well as the monolith is go, with the next percentage to type', async () => {
  const site = await openStatusSite({ names: ['g1', 'g2'], verdict: LOOSE });
  await site.set('inventory', HALF);
  await site.read(1_000);
  const found = await site.status('inventory');
  expect(found.exitCode, found.stdout).toBe(0);
  const lines = found.stdout.split('\n');
  expect(lines[0]).toMatch(/^inventory: go · reads canary 50 %, writes legacy · seen so for [\d.]+ m?s$/);
  expect(lines[1]).toMatch(/^last change: .* ago \(\S+Z\), set by ada: reads legacy → canary 50 %$/);
  expect(lines[3]).toMatch(/^criterion +outcome +reading +required +evidence$/);
  expect(found.stdout).toMatch(/^gateways +go +2 of 2 at revision \d+ +one revision +now$/m);
  expect(found.stdout).toMatch(/^service +– +neither breaker nor checks/m);
  expect(found.stdout).toMatch(/^lag +go +outbox 0 ms, consumer [\d.]+ m?s +≤ 5 s +\S+ m?s ago$/m);
  expect(found.stdout).toMatch(/^parked +go +0 +none +now$/m);
  expect(found.stdout).toMatch(
    /^read errors +go +0 %; monolith 0 % +≤ monolith \+30 % +\d{3} reads, [\d.]+ m?s$/m,
  );
  expect(found.stdout).toMatch(
    /^read p95 +go +[\d.]+ ms \([\d.]+ to [\d.]+ ms\); monolith [\d.]+ ms +≤ 20× or \+5 s/m,
  );
  expect(found.stdout).toMatch(/^read p99 +go /m);
  expect(nextOf(found)).toBe('banyan context set inventory --reads extracted');
  expect(lines.length).toBeLessThanOrEqual(25);
  expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(100);

  // The command is typed as it stands, and takes effect.
  expect((await site.type(nextOf(found)!)).exitCode).toBe(0);
  const after = JSON.parse((await site.status('inventory', '--json')).stdout);
  expect(after).toMatchObject({
    ...{ context: 'inventory', reads: { stage: 'extracted' }, kills: [] },
    lastChange: { action: 'set', actor: 'ada' },
    criteria: expect.arrayContaining([
      expect.objectContaining({ name: 'read errors', outcome: 'unknown', reading: 'no reads yet' }),
    ]),
  });
});

test('a service that fails is no-go with the reading, and what is to be typed leads back', async () => {
  const site = await openStatusSite({ verdict: LOOSE });
  await site.set('inventory', HALF);
  site.answer((_request, response) => void response.writeHead(500).end('no'));
  await site.read(200);
  const found = await site.status('inventory');
  expect(found.exitCode, found.stdout).toBe(1);
  expect(found.stdout).toMatch(/^inventory: no-go · reads canary 50 %/);
  expect(found.stdout).toMatch(/^read errors +no-go +100 %; monolith 0 %/m);
  expect(found.stdout).toMatch(
    /^! read errors: 100 % fail: [\d.]+ to 100 points more than the monolith’s; allowed are 30$/m,
  );
  expect(nextOf(found)).toBe('banyan context undo inventory');
  expect(nextOf(found, 'or')).toBe('banyan kill inventory');

  const all = await site.status();
  expect(all.exitCode, all.stdout).toBe(1);
  expect(all.stdout).toMatch(/^is it us\? yes: inventory: read errors: 100 % fail/);
  expect(all.stdout).toMatch(/^inventory +no-go +canary 50 % +legacy .* read errors: 100 % fail/m);
  expect(all.stdout).toMatch(/^search +go +legacy +legacy +\S+ m?s +–$/m);

  expect((await site.type(nextOf(found)!)).exitCode).toBe(0);
  const back = await site.status('inventory');
  expect(back.stdout).toMatch(/^inventory: go · reads legacy, writes legacy/);
  expect(nextOf(back)).toBe('banyan context set inventory --reads shadow');
});

test('reads that the monolith answers in a dead service’s place are failures, though no client saw one', async () => {
  const site = await openStatusSite({ verdict: LOOSE });
  await site.set('inventory', HALF);
  site.answer((request) => void request.socket.destroy());
  await site.read(200);
  const found = await site.status('inventory');
  expect(found.exitCode, found.stdout).toBe(1);
  expect(found.stdout).toMatch(/^read errors +no-go +100 %; monolith 0 %/m);
});

test('a slow service is no-go beside the monolith', async () => {
  const site = await openStatusSite({
    verdict: '{ minSamples: 20, errorRate: 30, latency: 1.5, slack: 20ms }',
  });
  await site.set('inventory', HALF);
  site.answer((_request, response) => void setTimeout(() => response.end('late'), 1_500));
  await site.read(240, 60);
  const found = await site.status('inventory');
  expect(found.exitCode, found.stdout).toBe(1);
  expect(found.stdout).toMatch(/^read p95 +no-go +[\d.]+ s \(.*\); monolith [\d.]+ ms/m);
  expect(found.stdout).toMatch(
    /^! read p95: [\d.]+ to (?:[\d.]+|any number of) times the monolith’s; allowed are 1.5$/m,
  );
});

test('too few requests are unknown, and it says how many it takes', async () => {
  const site = await openStatusSite();
  await site.set('inventory', HALF);
  await site.read(60);
  const found = await site.status('inventory');
  expect(found.exitCode, found.stdout).toBe(3);
  expect(found.stdout).toMatch(/^! read errors: \d+ of 100 reads that it takes$/m);
  expect(nextOf(found)).toBe('banyan status inventory --watch');
});

test('a parked event is no-go; an old one in the outbox, too', async () => {
  const site = await openStatusSite();
  await site.event('parked');
  const found = await site.status('inventory');
  expect(found.exitCode, found.stdout).toBe(1);
  expect(found.stdout).toMatch(/^parked +no-go +1, the oldest .* +none +now$/m);
  expect(nextOf(found)).toBe('banyan lag');
  // `banyan lag` says the same by its exit code only when the event is old; that it runs is what counts.
  expect((await site.type('banyan lag')).stdout).toMatch(/^inventory +0 /m);
  await site.event('pending', 60);
  const late = await site.status('inventory');
  expect(late.stdout).toMatch(/^lag +no-go +outbox (60|6\d\.?\d*) s,/m);
  // The other context has no events.
  expect((await site.status('search')).exitCode).toBe(0);
});

test('what the consumer holds is shown, and no-go when it has parked an event or waits too long', async () => {
  const site = await openStatusSite();
  expect((await site.status('inventory')).stdout).not.toMatch(/^held /m);
  const nothing = { waiting: 0, oldestWaitingMs: null, parked: 0, oldestParkedMs: null };
  const found = (pattern: RegExp) =>
    until(`${pattern}`, async () => {
      const ran = await site.status('inventory');
      return pattern.test(ran.stdout) ? ran : undefined;
    });
  site.hold(nothing);
  expect(await found(/^held +go +0 wait, 0 parked +none parked +\d+ ms ago$/m)).toMatchObject({
    exitCode: 0,
  });
  site.hold({ ...nothing, waiting: 3, oldestWaitingMs: 120_000 });
  const waits = await found(/^held +no-go +3 wait \(\S+ .*\), 0 parked /m);
  expect([waits.exitCode, nextOf(waits)]).toEqual([1, 'banyan held list']);
  expect(waits.stdout).toMatch(/^! held: 3 events wait for numbers that have not come, the oldest for /m);
  site.hold({ ...nothing, parked: 1, oldestParkedMs: 10 });
  expect(await found(/^! held: the consumer has parked 1 event; allowed: 0$/m)).toMatchObject({
    exitCode: 1,
  });
  const all = await site.status();
  expect(all.stdout).toMatch(/^events .*, consumers hold 0, 1 parked, /m);
  expect(all.exitCode).toBe(1);
  site.hold(null);
  expect(await found(/^held +unknown +unknown /m)).toMatchObject({ exitCode: 3 });
});

test('in shadow the match rate counts, route by route', async () => {
  const site = await openStatusSite();
  site.answer((_request, response) => void response.end('monolith'));
  await site.set('inventory', { reads: 'shadow' });
  await site.read(40);
  const found = await until('all are compared', async () => {
    const ran = await site.status('inventory');
    return ran.exitCode === 0 && ran.stdout.includes('40 reads') ? ran : undefined;
  });
  expect(found.stdout).toMatch(
    /^shadow match +go +≥ 91\.\d+ % on 1 of 1 route +≥ 30 % each +40 reads, 24 h$/m,
  );
  expect(nextOf(found)).toBe('banyan context set inventory --reads canary --percent 1');
});

test('a kill is no-go, with who did it; a gateway that is away is named, and then nothing is go', async () => {
  const site = await openStatusSite({ names: ['g1', 'g2'] });
  await site.gateways[1]!.stop();
  const [, away] = site.gateways.map(opsOf);
  const partly = await site.status('search');
  expect(partly.exitCode, partly.stdout).toBe(3);
  expect(partly.stdout).toMatch(/^gateways +unknown +1 of 2 at revision/m);
  expect(partly.stdout).toContain(`! gateways: ${away} was not reached: connect ECONNREFUSED`);
  expect(nextOf(partly)).toBe('banyan gateways list');
  const all = await site.status();
  expect(all.exitCode, all.stdout).not.toBe(0);
  expect(all.stdout).toContain(`! gateway at ${away} was not reached`);

  await banyan(['kill', 'inventory', '--reason', 'wrong stock', '--ops', opsOf(site.gateways[0]!)], {
    cwd: site.folder,
  });
  const killed = await site.status('inventory');
  expect(killed.exitCode, killed.stdout).toBe(1);
  expect(killed.stdout).toMatch(/^kill switch +no-go +killed on 1 of 1 gateway /m);
  expect(killed.stdout).toMatch(
    /^! kill switch: killed at \S+Z by \S+ \(wrong stock\): its reads go to the monolith$/m,
  );
  expect(nextOf(killed)).toBe('banyan kill inventory --release');
});

test('without the admin API it answers all the same, soon, with what the gateways know', async () => {
  const site = await openStatusSite({ verdict: LOOSE });
  await site.set('inventory', HALF);
  site.answer((_request, response) => void response.writeHead(500).end('no'));
  await site.read(200);
  await site.stopControlPlane();
  const found = await site.status('inventory');
  expect(found.exitCode, found.stdout).toBe(1);
  expect(found.stdout).toMatch(/^lag +unknown +unknown/m);
  expect(found.stdout).toMatch(/^read errors +no-go +100 %/m);
  expect(found.stdout).toMatch(/^last change: unknown, admin API .* ECONNREFUSED/m);
  // The store is away: what needs none leads back.
  expect(nextOf(found)).toBe('banyan kill inventory');
  const legacy = await site.status('search');
  expect(legacy.exitCode, legacy.stdout).toBe(3);
  expect(legacy.stdout).toMatch(/^! gateways: whether there are more gateways is unknown: admin API/m);
});

test('whoever hangs has said nothing within the time-out; whoever is no gateway is told', async () => {
  const site = await openStatusSite();
  const hangs = await startUpstream('hangs', () => {});
  const foreign = await startUpstream('foreign');
  const all = [site.gateways[0]!, ...[hangs, foreign].map(({ url }) => ({ opsUrl: url }))].map(opsOf);
  const found = await banyan(['status', 'search', '--timeout', '1500ms', '--ops', all.join(',')], {
    cwd: site.folder,
    env: { BANYAN_ADMIN: hangs.url },
  });
  expect(found.exitCode, found.stdout).toBe(3);
  expect(found.stdout).toMatch(/^gateways +unknown +1 of 3/m);
  expect(found.stdout).toContain('no answer within 1.5 s');
  const other = await banyan(['status', '--ops', all[2]!], { cwd: site.folder });
  expect(other.stdout).toContain("not as a gateway's ops port does");
});

test('all are asked at the same time: those who wait for each other get their answers', async () => {
  const waiting: (() => void)[] = [];
  // Two pages of the gateway, four of the admin API; nobody is answered before all have been asked.
  const patient = await startUpstream('patient', (_request, response) => {
    waiting.push(() => response.writeHead(500).end());
    if (waiting.length === 6) for (const answer of waiting) answer();
  });
  const { stdout } = await banyan(['status', '--timeout', '20s', '--ops', opsOf({ opsUrl: patient.url })], {
    cwd: (await openStatusSite()).folder,
    env: { BANYAN_ADMIN: patient.url },
  });
  expect(stdout).toContain('was not reached: answered 500');
  expect(stdout).not.toContain('no answer within');
});

test('--watch looks again and again, and exits by the last look', async () => {
  const site = await openStatusSite();
  let output = '';
  /** Whole lines alone: the last one may be on its way. */
  const looks = () => output.split('\n').slice(0, -1);
  const watch = startChild({
    command: process.execPath,
    args: [CLI, 'status', 'inventory', '--watch', '--interval', '100ms', '--json'],
    cwd: site.folder,
    env: { ...process.env, BANYAN_TOKEN: site.token },
    onOutput: (text) => void (output += text),
  });
  const last = () => JSON.parse(looks().at(-1)!).verdict as string;
  await until('it is go', () => looks().length >= 2 && last() === 'go');
  await site.event('parked');
  await until('it is no-go', () => last() === 'no-go');
  watch.kill('SIGINT');
  expect(await watch.ended).toBe(1);
});

test('a context that nobody has is a mistake; where nobody was reached it is unknown', async () => {
  const site = await openStatusSite();
  expect(await site.status('inventroy')).toMatchObject({
    ...{ exitCode: 2, stdout: '' },
    stderr: "banyan: context 'inventroy' is not defined; known contexts: inventory, search\n",
  });
  const away = opsOf({ opsUrl: await closedUrl() });
  const alone = await banyan(['status', 'inventory', '--ops', away], {
    cwd: site.folder,
    env: { BANYAN_ADMIN: `http://${away}` },
  });
  expect(alone.exitCode).toBe(3);
  expect(alone.stdout).toMatch(/^inventory: unknown · nobody who knows of it was reached\n! gateway at /);
  const help = await banyan(['status', '--help']);
  expect(help.stdout).toMatch(/go \(exit code\s+0\), no-go \(1\), unknown \(3\)/);
});

test('a capture that was stopped at the budget is shown with what to do, and its context is no-go', async () => {
  const site = await openStatusSite();
  await site.stopCapture('stock', 'inventory');
  const all = await site.status();
  expect(all.exitCode, all.stdout).toBe(1);
  expect(all.stdout).toMatch(
    /^! capture 'stock' of context 'inventory' was stopped at \S+ \S+ UTC: its table needs a backfill\n {2}1\. /m,
  );
  expect(all.stdout).toMatch(/^ {2}2\. banyan capture apply stock$/m);
  expect(all.stdout).toMatch(/^ {2}4\. DELETE FROM banyan_outbox_backfill_due WHERE capture = 'stock'$/m);
  expect(all.stdout).toMatch(/^inventory +no-go .*backfill: capture 'stock'/m);
  const one = await site.status('inventory');
  expect(one.stdout).toMatch(/^backfill +no-go +due: capture stock +none due +since \S+ \S+ UTC$/m);
  expect(nextOf(one)).toBe('banyan capture status');
  const typed = await site.type(nextOf(one)!);
  expect(typed).toMatchObject({ exitCode: 1, stdout: expect.stringContaining('3. backfill what was') });
});
