import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { until } from '../support/until.ts';
import { banyan } from './support/banyan.ts';
import { openSite, type Site } from './support/site.ts';

/** One gateway with the file store, its admin API in the same process, and the commands beside it. */
let site: Site;
let file: string;
let listen: string;
let ops: string;
const run = (...args: string[]) => banyan(['-c', file, ...args]);
const context = (...args: string[]) => run('context', ...args);

beforeAll(async () => {
  site = await openSite();
  const admin = await site.address();
  [listen, ops] = [await site.address(), await site.address()];
  file = join(site.folder, 'banyan.yaml');
  await writeFile(
    file,
    `gateway: { listen: '${listen}', ops: '${ops}', stateDir: '${join(site.folder, 'state')}', name: edge-1 }
upstreams: { monolith: { url: '${site.monolith}' }, service: { url: '${site.service}' } }
contexts:
  inventory: { upstream: service, cohort: { cookie: sid }, routes: ['GET /inventory/:sku', 'POST /inventory/:sku'] }
  orders: { upstream: service, routes: ['GET /orders/:id'] }
control: { admin: '${admin}' }
`,
  );
  await site.start(`http://${ops}/readyz`, '-c', file, 'gateway');
  await until('the register', async () => (await run('gateways', 'list')).stdout.includes('edge-1'));
});
afterAll(() => site.stop());

describe('on the file store', () => {
  it("the gateway's ops port has its own metrics and the lag's, as one text", async () => {
    const metrics = await (await fetch(`http://${ops}/metrics`)).text();
    expect(metrics).toContain('# TYPE banyan_gateway_requests_total counter\n');
    // This configuration has no outbox: unknown, not zero.
    expect(metrics).toMatch(/^banyan_outbox_pending\{context="orders"\} nan$/im);
  });

  it('set, list, audit, route and undo tell what is in force, as text and as JSON', async () => {
    const set = await context(
      'set',
      'inventory',
      '--reads',
      'canary',
      '--percent',
      '100',
      '--reason',
      'a try',
    );
    expect(set).toMatchObject({ exitCode: 0, stderr: '' });
    expect(set.stdout).toMatch(
      /^inventory: reads legacy → canary 100 %\n1 of 1 at revision 2, the last after \d+ ms\n$/,
    );
    const answer = await fetch(`http://${listen}/inventory/a`, { headers: { cookie: 'sid=ada' } });
    expect(await answer.text()).toBe('service');

    const list = await context('list');
    expect(list.stdout).toMatch(
      /^context {4}reads {9}writes {2}upstream {2}last change\ninventory {2}canary 100 % {2}legacy {2}service {3}\S+Z set by local\norders .*\nrevision 2\n$/,
    );
    expect(JSON.parse((await context('list', '--json')).stdout)).toMatchObject({
      revision: 2,
      contexts: [{ name: 'inventory', reads: { stage: 'canary', percent: 100 } }, { name: 'orders' }],
    });

    const route = await run('route', 'get', '/inventory/a?x=1', '--cohort', 'ada');
    expect(route.stdout).toMatch(
      /^GET \/inventory\/a\?x=1 → service\n {2}why {7}reads canary 100 %: cohort 0\.\d+ < 1 → extracted\n {2}context {3}inventory, route GET \/inventory\/:sku, a read\n {2}path {6}\/inventory\/a\?x=1\n {2}revision {2}2\n$/,
    );
    const header = await run('route', 'GET', '/inventory/a', '--header', 'Cookie: sid=ada', '--json');
    expect(JSON.parse(header.stdout)).toMatchObject({ upstream: 'service', revision: 2, kind: 'read' });
    const nobody = await run('route', 'GET', '/inventory/a', '--cohort', '');
    expect(nobody.stdout).toContain(
      '→ monolith\n  why       reads canary 100 %: no cohort (cookie sid missing)',
    );

    const undo = await context('undo', 'inventory', '--json');
    expect(undo.exitCode).toBe(0);
    expect(JSON.parse(undo.stdout)).toMatchObject({
      ...{ context: 'inventory', revision: 3, changed: true, summary: '1 of 1 at revision 3' },
      ...{ after: { reads: { stage: 'legacy' } }, confirmed: [{ gateway: 'edge-1' }], missing: [] },
    });

    const audit = await context('audit', 'inventory');
    expect(audit.stdout.split('\n').map((line) => line.trim().split(/ {2,}/))).toMatchObject([
      ['revision', 'at', 'by', 'action', 'context', 'change', 'reason'],
      ['3', expect.any(String), 'local', 'undo', 'inventory', 'reads canary 100 % → legacy'],
      ['2', expect.any(String), 'local', 'set', 'inventory', 'reads legacy → canary 100 %', 'a try'],
      ['1', expect.any(String), 'banyan.yaml', 'first', 'inventory', 'reads legacy, writes legacy'],
      [''],
    ]);
    const newest = await context('audit', '--limit', '1', '--json');
    expect(JSON.parse(newest.stdout)).toMatchObject({ entries: [{ revision: 3, action: 'undo' }] });
  });

  it('writes move only with consent, and the refusal says what is in flight', async () => {
    const refused = await context('set', 'inventory', '--writes', 'extracted');
    expect(refused).toMatchObject({ exitCode: 1, stdout: '' });
    expect(refused.stderr).toMatch(
      /^banyan: moving the writes of 'inventory' from legacy to extracted is refused: .* In flight now: edge-1: 0 writes under way; pending events: unknown\. .* --unsafe and --reason "…"\n$/,
    );
    const consent = ['--unsafe', '--reason', 'the night of the move'];
    const moved = await context('set', 'inventory', '--writes', 'extracted', ...consent);
    expect(moved).toMatchObject({
      exitCode: 0,
      stdout: expect.stringContaining('writes legacy → extracted'),
    });
    expect((await context('undo', 'inventory', ...consent)).exitCode).toBe(0);
  });

  it.each([
    [
      ['set', 'inventry', '--reads', 'legacy'],
      2,
      "banyan: there is no context 'inventry'; known contexts: inventory, orders\n",
    ],
    [
      ['set', 'toString', '--reads', 'legacy'],
      2,
      "banyan: there is no context 'toString'; known contexts: inventory, orders\n",
    ],
    [['set', 'inventory'], 2, 'banyan: nothing to set: give reads, writes or both\n'],
    [
      ['set', 'inventory', '--reads', 'mirror'],
      2,
      "banyan: reads have no stage 'mirror'; known stages: legacy, shadow, canary, extracted, retired\n",
    ],
    [
      ['set', 'inventory', '--reads', 'canary', '--percent', '101'],
      2,
      'banyan: a percentage is from 0 to 100; found 101\n',
    ],
    [
      ['set', 'inventory', '--reads', 'canary', '--percent', 'some'],
      2,
      "error: option '--percent <number>' argument 'some' is invalid.",
    ],
    [
      ['set', 'inventory', '--reads', 'legacy', '--wait', '61'],
      2,
      "error: option '--wait <seconds>' argument '61' is invalid.",
    ],
    [
      ['set', 'orders', '--reads', 'canary', '--percent', '5'],
      2,
      "banyan: canary needs to know who it is sticky for, and context 'orders' has no cohort",
    ],
    [['set', '--reads', 'legacy'], 2, "error: missing required argument 'context'"],
    [['undo', 'orders'], 1, "banyan: there is no change of 'orders' to undo\n"],
    [['audit', '--limit', 'many'], 2, "banyan: the request can't be read: limit: "],
    [
      ['list', '--token', 'not-a-token'],
      1,
      'banyan: this token is not one of control.tokens, nor the one in the state folder\n',
    ],
    [
      ['list', '--admin', 'http://127.0.0.1:1'],
      1,
      "banyan: can't reach the admin API at http://127.0.0.1:1: ",
    ],
  ])('context %j exits with %i and says why', async (args, exitCode, message) => {
    const ran = await context(...args);
    expect(ran.stderr).toContain(message);
    expect(ran).toMatchObject({ exitCode, stdout: '' });
  });

  it('route names the gateways that have the context killed, and those of which that is unknown, and fails for neither', async () => {
    const gone = await site.address();
    const asked = ['route', 'GET', '/inventory/a', '--ops', `${ops},${gone}`];
    const before = await run(...asked);
    expect(before.exitCode).toBe(0);
    expect(before.stdout).toContain('→ monolith');
    expect(before.stdout).not.toContain('  killed ');
    expect(before.stdout).toMatch(
      new RegExp(`^  unknown   whether it is killed on ${gone}: not reached: connect ECONNREFUSED`, 'm'),
    );
    expect((await run('route', 'GET', '/inventory/a')).stdout).not.toContain('unknown');

    expect((await run('kill', 'inventory', '--reason', 'wrong stock')).exitCode).toBe(0);
    const killed = await run('route', 'GET', '/inventory/a');
    expect(killed.stdout).toMatch(
      /^ {2}killed {4}on edge-1 since \S+Z by \S+ \(wrong stock\): reads → monolith, writes → monolith$/m,
    );
    const json = JSON.parse((await run(...asked, '--json')).stdout);
    expect(json.kills).toMatchObject({
      killed: [{ gateway: 'edge-1', ops, kill: { reason: 'wrong stock' } }],
      unknown: [{ where: gone }],
    });
    // No context, nothing to kill.
    expect((await run('route', 'GET', '/cart')).stdout).not.toContain('killed');
    expect((await run('kill', 'inventory', '--release')).exitCode).toBe(0);
    expect((await run('route', 'GET', '/inventory/a')).stdout).not.toContain('killed');
  });

  it.each([
    [['route', 'GET', 'inventory'], "banyan: the request can't be read: target: "],
    [
      ['route', 'GET', '/', '--header', 'nothing'],
      "error: option '--header <name:value>' argument 'nothing' is invalid.",
    ],
    [['gateways', 'forget', 'nobody'], "banyan: there is no gateway 'nobody'; registered gateways: edge-1\n"],
  ])('%j exits with 2 and says why', async (args, message) => {
    const ran = await run(...args);
    expect(ran.stderr).toContain(message);
    expect(ran).toMatchObject({ exitCode: 2, stdout: '' });
  });
});
