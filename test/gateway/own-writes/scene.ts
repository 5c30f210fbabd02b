import type { Config, SnapshotSource } from '../../../contexts/index.ts';
import type { Gateway } from '../../../gateway/start-gateway.ts';
import { memorySource } from '../../support/memory-source.ts';
import { until } from '../../support/until.ts';
import { send, type Answer } from '../support/client.ts';
import { shopConfig, started, type Started } from '../support/gateway.ts';
import { startUpstream, type TestUpstream } from '../support/upstream.ts';

export const KEY = 'k'.repeat(32);
const EXTRACTED = { inventory: { reads: { stage: 'extracted' } } } as const;

export interface Scene {
  readonly monolith: TestUpstream;
  readonly service: TestUpstream;
  readonly config: Config;
}

export interface SceneOptions {
  readonly redis?: string | undefined;
  /** Whether there are signed cookies. */
  readonly keys?: boolean;
  readonly afterWrite?: number;
  readonly context?: Partial<Config['contexts'][string]>;
  readonly respond?: Parameters<typeof startUpstream>[1];
}

/** A monolith and a service that say who they are, and a shop whose reads of inventory are extracted. */
export async function scene({ redis, keys, afterWrite = 1_000, ...more }: SceneOptions): Promise<Scene> {
  const monolith = await startUpstream('monolith', more.respond);
  const service = await startUpstream('service');
  const config = await shopConfig({ monolith: monolith.url, inventory: service.url });
  const inventory = {
    ...config.contexts['inventory']!,
    afterWrite: { for: afterWrite, routes: undefined },
    ...more.context,
  };
  const ownWrites = keys ? { keys: [KEY], cookie: 'banyan-wrote' } : undefined;
  return {
    ...{ monolith, service },
    config: {
      ...config,
      ...(redis === undefined ? {} : { redis }),
      gateway: { ...config.gateway, ...(ownWrites && { ownWrites }) },
      contexts: { inventory },
    },
  };
}

/** A gateway of the scene, once it can tell who has written. */
export async function gatewayOf(
  { config }: Scene,
  source: SnapshotSource = memorySource(EXTRACTED),
): Promise<Started> {
  const gateway = await started(config, source);
  await until('the gateway knows who has written', async () => (await read(gateway, 'nobody')) === 'service');
  return gateway;
}

export const as = (cohort: string, more = '') => ({ headers: { cookie: `sid=${cohort}${more}` } });

/** Who answers a read of this cohort. */
export async function read(gateway: Pick<Gateway, 'url'>, cohort: string, more = ''): Promise<string> {
  return (await send(gateway.url, '/inventory/a', as(cohort, more))).body;
}

export function write(gateway: Pick<Gateway, 'url'>, cohort: string, target = '/orders'): Promise<Answer> {
  return send(gateway.url, target, { method: 'POST', ...as(cohort), body: 'x=1' });
}
