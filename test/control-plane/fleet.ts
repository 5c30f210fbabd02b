import { createServer, type Server } from 'node:http';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { ChangeResult } from '../../control-plane/index.ts';
import { freePort, startChild, type Child } from '../../demo/servers/child.ts';

const CLI = fileURLToPath(new URL('../../cli/main.ts', import.meta.url));
const TOKEN = 'a-token-of-the-tests';

export interface FleetGateway {
  readonly name: string;
  readonly url: string;
  readonly opsUrl: string;
  readonly child: Child;
}

/** Real processes: a control plane and gateways on one MySQL store, before a monolith and an extracted service. */
export interface Fleet {
  /** The configuration's file; BANYAN_TOKEN must be `token` for its commands. */
  readonly config: string;
  readonly token: string;
  readonly gateways: readonly FleetGateway[];
  startGateway(name: string): Promise<FleetGateway>;
  startControlPlane(): Promise<Child>;
  /** Calls the admin API. */
  admin<T>(method: 'GET' | 'POST', path: string, body?: unknown): Promise<{ status: number; body: T }>;
  canary(percent: number, wait?: number): Promise<ChangeResult>;
  /** Runs `banyan` with the fleet's configuration and token. */
  banyan(...args: string[]): Promise<{ exitCode: number | null; output: string }>;
  stop(): Promise<void>;
}

export interface FleetOptions {
  readonly database: string;
  readonly redis?: string | undefined;
  /** Names of the gateways to start. */
  readonly names: readonly string[];
}

export async function startFleet({ database, redis, names }: FleetOptions): Promise<Fleet> {
  const folder = await mkdtemp(join(tmpdir(), 'banyan-fleet-'));
  const monolith = await startUpstream('monolith');
  const inventory = await startUpstream('inventory');
  const admin = `127.0.0.1:${await freePort()}`;
  const config = join(folder, 'banyan.yaml');
  await writeFile(
    config,
    `gateway: { stateDir: '${join(folder, 'state')}' }
upstreams:
  monolith: { url: '${monolith.url}' }
  inventory: { url: '${inventory.url}' }
contexts:
  inventory:
    upstream: inventory
    cohort: { cookie: sid }
    routes: ['GET /inventory/:sku', 'POST /inventory/:sku']
    events: [StockAdjusted]
control:
  admin: ${admin}
  store: mysql
  database: ${database}
  tokens: [{ owner: ada, token: ${TOKEN} }]
${redis === undefined ? '' : `redis: ${redis}`}
`,
  );
  const children: Child[] = [];
  const start = async (ready: string, ...args: string[]): Promise<Child> => {
    const child = startChild({ command: process.execPath, args: [CLI, '-c', config, ...args] });
    children.push(child);
    await answers(child, ready);
    return child;
  };
  const fleet: Fleet = {
    config,
    token: TOKEN,
    gateways: [],
    async startGateway(name) {
      const [port, opsPort] = [await freePort(), await freePort()];
      const opsUrl = `http://127.0.0.1:${opsPort}`;
      const places = ['--listen', `127.0.0.1:${port}`, '--ops', `127.0.0.1:${opsPort}`];
      const child = await start(`${opsUrl}/healthz`, 'gateway', '--name', name, ...places);
      return { name, url: `http://127.0.0.1:${port}`, opsUrl, child };
    },
    startControlPlane: () => start(`http://${admin}/healthz`, 'control-plane', '--ops', '127.0.0.1:0'),
    async admin<T>(method: string, path: string, body?: unknown) {
      const response = await fetch(`http://${admin}${path}`, {
        method,
        headers: { authorization: `Bearer ${TOKEN}`, 'content-type': 'application/json' },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
      return { status: response.status, body: (await response.json()) as T };
    },
    async canary(percent, wait = 5_000) {
      const { status, body } = await fleet.admin<ChangeResult>('POST', '/v1/contexts/inventory', {
        ...{ reads: 'canary', percent, wait },
      });
      if (status !== 200) throw new Error(`set was answered with ${status}: ${JSON.stringify(body)}`);
      return body;
    },
    async banyan(...args) {
      const env = { ...process.env, BANYAN_TOKEN: TOKEN };
      let output = '';
      const child = startChild({
        ...{ command: process.execPath, args: [CLI, '-c', config, ...args], env },
        onOutput: (text) => (output += text),
      });
      return { exitCode: await child.ended, output };
    },
    async stop() {
      for (const child of children) child.kill('SIGCONT');
      await Promise.all(children.map((child) => child.stop()));
      await Promise.all([monolith, inventory].map(({ server }) => closed(server)));
      await rm(folder, { recursive: true, force: true });
    },
  };
  try {
    const [, ...gateways] = await Promise.all([fleet.startControlPlane(), ...names.map(fleet.startGateway)]);
    return Object.assign(fleet, { gateways });
  } catch (error) {
    await fleet.stop();
    throw error;
  }
}

/** Shoppers with cookies of their own who look at products through all gateways, each again after a short pause. */
export function startShoppers(gateways: readonly FleetGateway[], count: number, pause = 20) {
  const stopped = new AbortController();
  const failures: string[] = [];
  let requests = 0;
  const shop = async (shopper: number) => {
    const { url } = gateways[shopper % gateways.length]!;
    while (!stopped.signal.aborted) {
      try {
        const response = await fetch(`${url}/inventory/sku-${requests % 100}`, {
          headers: { cookie: `sid=shopper-${shopper}` },
        });
        const text = await response.text();
        if (response.status !== 200) failures.push(`${response.status} ${text}`);
      } catch (error) {
        failures.push(String(error));
      }
      requests++;
      await new Promise((resolve) => setTimeout(resolve, pause));
    }
  };
  const shoppers = Array.from({ length: count }, (_, shopper) => shop(shopper));
  return {
    async stop() {
      stopped.abort();
      await Promise.all(shoppers);
      return { requests, failures };
    },
  };
}

/** How long until the last gateway had each change, in milliseconds, the fastest change first. */
export function lastOfEach(results: readonly ChangeResult[]): number[] {
  return results
    .map(({ confirmed }) => Math.max(...confirmed.map(({ afterMs }) => afterMs)))
    .toSorted((a, b) => a - b);
}

/** The value that the share of sorted values does not exceed (nearest rank). */
export function percentile(sorted: readonly number[], share: number): number {
  return sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)]!;
}

async function startUpstream(name: string): Promise<{ server: Server; url: string }> {
  const server = createServer((request, response) => {
    request.resume();
    response.end(name);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', () => resolve()));
  return { server, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` };
}

function closed(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}

async function answers(child: Child, url: string): Promise<void> {
  let gone = false;
  void child.ended.then(() => (gone = true));
  const deadline = Date.now() + 30_000;
  while (!(await fetch(url).catch(() => undefined))) {
    if (gone || Date.now() > deadline) throw new Error(`${url} doesn't answer:\n${child.output()}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
