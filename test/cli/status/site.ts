import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import type { HeldFigures } from '../../../consumer/index.ts';
import { gatewaySource, lagRoutes, openStore, startControlPlane } from '../../../control-plane/index.ts';
import { openDatabase } from '../../../runtime/database.ts';
import { configOf } from '../../contexts/sample.ts';
import { send } from '../../gateway/support/client.ts';
import { freshFolder, keptLog, started, type Started } from '../../gateway/support/gateway.ts';
import { startUpstream } from '../../gateway/support/upstream.ts';
import { freshDatabase } from '../../support/database.ts';
import { until } from '../../support/until.ts';
import { banyan, type Ran } from '../support/banyan.ts';

const TOKEN = 'a-token-of-the-operator';
export const opsOf = ({ opsUrl }: { opsUrl: string }) => opsUrl.replace('http://', '');

type Answer = (request: IncomingMessage, response: ServerResponse) => void;

export interface StatusSite {
  readonly folder: string;
  readonly gateways: readonly Started[];
  readonly admin: string;
  readonly token: string;
  /** The command, in the site's folder. */
  status(...args: string[]): Promise<Ran>;
  /** The commands that it gave to type are typed as they stand. */
  type(command: string): Promise<Ran>;
  set(context: string, change: object): Promise<void>;
  /** So many reads, each of another cohort, spread over the gateways; 20 at once unless given. */
  read(count: number, atOnce?: number): Promise<void>;
  /** Puts an event into the outbox, in this state. */
  event(state: 'pending' | 'parked', secondsAgo?: number): Promise<void>;
  /** Marks a capture of the context as stopped at the budget. */
  stopCapture(capture: string, context: string): Promise<void>;
  /** What the consumer reports that it holds, from now on. */
  hold(held: HeldFigures | null): void;
  /** What the service answers from now on. */
  answer(answer: Answer): void;
  stopControlPlane(): Promise<void>;
}

/**
 * A monolith, a service, gateways, a control plane with its store, and an outbox with a relay's heartbeat and a consumer
 * that reports; the configuration names all of them.
 */
export async function openStatusSite({
  names = ['g1'],
  verdict = '{}',
}: { names?: readonly string[]; verdict?: string } = {}): Promise<StatusSite> {
  const folder = await freshFolder();
  let answer: Answer = (_request, response) => void response.end('inventory');
  const monolith = await startUpstream('monolith');
  const service = await startUpstream('inventory', (request, response) => answer(request, response));
  const outbox = await freshDatabase('outbox');
  const yaml = `upstreams: { monolith: { url: '${monolith.url}' }, inventory: { url: '${service.url}', breaker: none } }
control: { tokens: [{ owner: ada, token: ${TOKEN} }] }
outbox: { database: '${outbox}' }
contexts:
  inventory:
    upstream: inventory
    cohort: { cookie: sid }
    routes: [GET /inventory/:sku, POST /inventory/:sku]
    events: [StockAdjusted]
    consumer: inventory
    shadow: { sample: 1, minSamples: 2, minMatch: 0.3 }
    verdict: ${verdict}
  search: { upstream: inventory, routes: [GET /search] }
`;
  const local = `listen: '127.0.0.1:0', ops: '127.0.0.1:0', stateDir: '${folder}'`;
  const config = configOf(`gateway: { ${local} }\n${yaml}`);
  const { log } = keptLog();
  const store = await openStore(config);
  onTestFinished(() => store.close());
  const gateways: Started[] = [];
  for (const name of names) {
    const { source, listensAt } = gatewaySource({ store, name });
    const gateway = await started(config, source, { name });
    listensAt('host', Number(new URL(gateway.url).port));
    gateways.push(gateway);
  }
  const database = openDatabase(outbox);
  const lag = lagRoutes({ config, database, log });
  const running = await startControlPlane({ config, store, log, listen: '127.0.0.1:0', lag: lag.router });
  const call = async (path: string, body: object) => {
    const response = await fetch(`${running.url}${path}`, {
      method: 'POST',
      headers: { authorization: `Bearer ${TOKEN}`, 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
    if (!response.ok) throw new Error(await response.text());
  };
  let held: HeldFigures | null | undefined;
  const beat = async () => {
    await database.query(
      `INSERT INTO banyan_outbox_relay (relay, settled_by_type) VALUES ('relay-1', '{}')
       ON DUPLICATE KEY UPDATE seen_at = NOW(6)`,
    );
    const at = new Date().toISOString();
    const heartbeats = [{ outbox: new URL(outbox).pathname.slice(1), oldest: at, missing: [] }];
    const report = { lagMs: 39, shards: 1, handledTotal: 0, at, heartbeats, held };
    await call('/v1/consumers/inventory', report).catch(() => {});
  };
  await beat();
  let beating = Promise.resolve();
  const heart = setInterval(() => (beating = beat().catch(() => {})), 500);
  let stopped: Promise<void> | undefined;
  const stopControlPlane = () => (stopped ??= running.stop());
  onTestFinished(async () => {
    clearInterval(heart);
    await beating;
    await stopControlPlane();
    await lag.stop();
    await database.end();
  });
  const admin = running.url.replace('http://', '');
  const fleet = gateways.map((gateway) => `'${opsOf(gateway)}'`).join(', ');
  const written = yaml.replace('control: { ', `control: { admin: '${admin}', `);
  await writeFile(join(folder, 'banyan.yaml'), `gateway: { ${local}, fleet: [${fleet}] }\n${written}`);
  await until('all are registered', async () => (await store.gateways()).length === names.length);
  const run = (args: readonly string[]) => banyan(args, { cwd: folder, env: { BANYAN_TOKEN: TOKEN } });
  let cohort = 0;
  return {
    ...{ folder, gateways, admin, stopControlPlane, token: TOKEN },
    // Long enough for a busy machine.
    status: (...args) => run(['status', '--timeout', '20s', ...args]),
    type: (command) => run(command.split(' ').slice(1)),
    async set(context, change) {
      await call(`/v1/contexts/${context}`, { wait: 20_000, ...change });
    },
    async read(count, atOnce = 20) {
      const one = () => {
        cohort += 1;
        const { url } = gateways[cohort % gateways.length]!;
        return send(url, '/inventory/a', { headers: { cookie: `sid=${cohort}` } });
      };
      for (let left = count; left > 0; left -= atOnce)
        await Promise.all(Array.from({ length: Math.min(atOnce, left) }, one));
    },
    async event(state, secondsAgo = 0) {
      await database.query(
        `INSERT INTO banyan_outbox (event_id, source, type, aggregate_type, aggregate_id, data, state, server_clock, appended_at)
         VALUES (?, '/m', 'StockAdjusted', 'o', '1', '{}', ?, NULL, NOW(6) - INTERVAL ? SECOND)`,
        [randomUUID(), state, secondsAgo],
      );
    },
    async stopCapture(capture, context) {
      await database.query(
        'INSERT INTO banyan_outbox_backfill_due (capture, context, bytes) VALUES (?, ?, 1)',
        [capture, context],
      );
    },
    hold: (told) => void (held = told),
    answer: (next) => void (answer = next),
  };
}

/** The command to type next, out of what was printed. */
export function nextOf({ stdout }: Ran, word = 'next'): string | undefined {
  return new RegExp(`^ *${word}: (banyan .*?)(?: {3}\\(|$)`, 'm').exec(stdout)?.[1];
}
