import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { onTestFinished } from 'vitest';
import type { Config, Limits, SnapshotSource } from '../../../contexts/index.ts';
import { startGateway, type Gateway, type StartOptions } from '../../../gateway/start-gateway.ts';
import type { Log } from '../../../runtime/log.ts';
import { configOf } from '../../contexts/sample.ts';

/** A log whose lines a test can read. */
export function keptLog(): { log: Log; lines: Record<string, unknown>[] } {
  const lines: Record<string, unknown>[] = [];
  const log = pino({ base: null }, { write: (line: string) => void lines.push(JSON.parse(line)) });
  return { log, lines };
}

/** A folder that is gone after the test. */
export async function freshFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'banyan-test-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

/** A monolith and an inventory service, the latter with reads, a search, a GET that writes, and a rewrite. */
export async function shopConfig(
  urls: { monolith: string; inventory: string },
  {
    timeout,
    stateDir,
    monolithTimeout,
  }: { timeout?: string; stateDir?: string; monolithTimeout?: string } = {},
): Promise<Config> {
  return configOf(`
gateway: { listen: '127.0.0.1:0', ops: '127.0.0.1:0', stateDir: ${JSON.stringify(stateDir ?? (await freshFolder()))} }
upstreams:
  monolith: { url: ${urls.monolith}${monolithTimeout ? `, timeout: ${monolithTimeout}` : ''} }
  inventory: { url: ${urls.inventory}${timeout ? `, timeout: ${timeout}` : ''} }
contexts:
  inventory:
    upstream: inventory
    cohort: { cookie: sid }
    routes:
      - GET /inventory/:sku
      - POST /inventory/:sku
      - { match: 'GET /inventory/:sku/touch', kind: write }
      - { match: 'GET /stock/:sku', rewrite: '/v2/items/:sku' }
`);
}

/** The config with other limits for clients, in milliseconds and bytes. */
export function withLimits(config: Config, limits: Partial<Limits>): Config {
  return { ...config, gateway: { ...config.gateway, limits: { ...config.gateway.limits, ...limits } } };
}

export type Started = Gateway & { lines: Record<string, unknown>[] };

/** A gateway that is stopped after the test. */
export async function started(
  config: Config,
  source: SnapshotSource,
  options: Partial<StartOptions> = {},
): Promise<Started> {
  const { log, lines } = keptLog();
  const gateway = await startGateway({
    config,
    source,
    name: 'g1',
    log,
    grace: 1_000,
    notice: 0,
    ...options,
  });
  onTestFinished(() => gateway.stop());
  return { ...gateway, lines };
}

/** What the log says of failures: the side and how far the exchange had got. */
export function failuresOf({ lines }: Started) {
  return lines
    .filter((line) => line['side'] !== undefined)
    .map(({ side, phase, upstream, context, revision }) => ({ side, phase, upstream, context, revision }));
}

/** The value of one sample on the ops port; undefined when it isn't there. */
export async function metric(gateway: Gateway, sample: string): Promise<number | undefined> {
  const text = await (await fetch(`${gateway.opsUrl}/metrics`)).text();
  const line = text.split('\n').find((candidate) => candidate.startsWith(`${sample} `));
  return line === undefined ? undefined : Number(line.slice(sample.length + 1));
}
