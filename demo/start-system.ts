import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import type { Belongings } from './belongings.ts';
import { createStream } from './create-stream.ts';
import { forgetQueue } from './forget-queue.ts';
import { prepareShop } from './prepare-shop.ts';
import { openBanyan, type Banyan } from './run-banyan.ts';
import { freePort } from './servers/child.ts';
import { startDatabases } from './start-databases.ts';
import { startProcess, type ProcessOptions } from './start-process.ts';
import type { Terminal } from './terminal.ts';
import { writeConfig } from './write-config.ts';
import type { Database } from '../runtime/database.ts';
import { startKinesis } from './servers/kinesis.ts';
import { openServers } from './servers/open-servers.ts';

export interface SystemOptions {
  readonly folder: string;
  /** BANYAN_DATABASE_URL and BANYAN_REDIS_URL name servers that are there already; private ones unless given. */
  readonly env: NodeJS.ProcessEnv;
  readonly belongings: Belongings;
  readonly terminal: Terminal;
  readonly signal: AbortSignal;
  readonly onLoss: (why: Error) => void;
  /** For the story of own writes: a consumer that handles no event younger than that (milliseconds), and two gateways. */
  readonly slow?: { readonly consumer: number; readonly maxLag: string } | undefined;
}

export interface System {
  readonly urls: Readonly<
    Record<
      | 'gateway'
      | 'monolith'
      | 'inventory'
      | 'admin'
      | 'gatewayOps'
      | 'controlOps'
      | 'relayOps'
      | 'inventoryOps'
      | 'secondGateway'
      | 'secondGatewayOps',
      string
    >
  >;
  readonly config: string;
  readonly token: string;
  readonly banyan: Banyan;
  /** The gateways: one, or two in the story of own writes. */
  readonly gateways: readonly { readonly url: string; readonly ops: string }[];
  /** Writes the configuration again, with another `afterWrite`; the gateways take it over by themselves. */
  configure(afterWrite: string): Promise<void>;
  /** The shop's and the service's databases, for reading what happened. */
  readonly shop: Database;
  readonly inventory: Database;
  /** The inventory service's process, for showing what becomes of its readers without it. */
  readonly service: { crash(): Promise<void>; start(): Promise<void> };
}

/** Starts servers, monolith, service and all of Banyan between them. */
export async function startSystem(options: SystemOptions): Promise<System> {
  const { folder, env, belongings, terminal, signal, onLoss, slow } = options;
  const step = (text: string) => {
    signal.throwIfAborted();
    terminal.step(text);
  };

  step('starting database, Redis and Kinesis …');
  const [servers, kinesis] = await Promise.all([
    belongings.own('database and Redis', openServers({ env, say: terminal.say }), (open) => open.stop()),
    belongings.own('Kinesis', startKinesis(), (server) => server.stop()),
  ]);
  signal.throwIfAborted();
  // On somebody's own server the names must not meet his.
  const prefix = env['BANYAN_DATABASE_URL'] ? `banyan_demo_${randomBytes(4).toString('hex')}_` : '';
  const databases = await startDatabases(belongings, servers.database.url.replace(/\/*$/, ''), prefix);
  if (env['BANYAN_REDIS_URL']) {
    const forget = () => forgetQueue(servers.redis.url, databases.shop.pool);
    await belongings.own('purge queue', Promise.resolve(), forget);
  }
  const stream = 'shop-events';
  await createStream(kinesis.url, stream, 2);

  step('writing banyan.yaml …');
  const place = async () => `127.0.0.1:${await freePort()}`;
  const places = {
    gateway: await place(),
    gatewayOps: await place(),
    admin: await place(),
    controlOps: await place(),
    relayOps: await place(),
    secondGateway: await place(),
    secondGatewayOps: await place(),
    monolith: await place(),
    inventory: await place(),
    inventoryOps: await place(),
  };
  const token = randomBytes(24).toString('base64url');
  const serviceToken = randomBytes(24).toString('base64url');
  const config = join(folder, 'banyan.yaml');
  const banyan = openBanyan({ config, token, terminal, signal });
  const identityKey = join(folder, 'identity.jwk');
  await banyan.run(['identity', 'key', '--out', identityKey]);
  const written = {
    ...places,
    identityKey,
    stateDir: join(folder, 'state'),
    outboxDatabase: databases.shop.url,
    controlDatabase: databases.control.url,
    redis: servers.redis.url,
    stream,
    streamEndpoint: kinesis.url,
    operatorToken: token,
    serviceToken,
    maxLag: slow?.maxLag,
  };
  await writeConfig(config, written);

  step('the shop as it was, then outbox and capture beside it …');
  await prepareShop(banyan, {
    shop: databases.shop.pool,
    inventory: databases.inventory.pool,
    inventoryUrl: databases.inventory.url,
  });

  step('starting shop, inventory service, control plane, relay, gateway …');
  const aws = { AWS_ACCESS_KEY_ID: 'demo', AWS_SECRET_ACCESS_KEY: 'demo' };
  const start = (process: Pick<ProcessOptions, 'name' | 'script' | 'args' | 'env' | 'ready'>) =>
    belongings.own(process.name, startProcess({ ...process, folder, onLoss, signal }), (child) =>
      child.stop(),
    );
  const command = (command: string, ready: string, more: readonly string[] = [], name = command) =>
    start({ name, script: 'cli/main.ts', args: ['-c', config, command, ...more], env: aws, ready });
  const startInventory = () =>
    start({
      name: 'inventory',
      script: 'demo/inventory/main.ts',
      env: {
        ...aws,
        INVENTORY_DATABASE: databases.inventory.url,
        INVENTORY_LISTEN: places.inventory,
        INVENTORY_OPS: places.inventoryOps,
        STREAM: stream,
        STREAM_ENDPOINT: kinesis.url,
        BANYAN_ADMIN: `http://${places.admin}`,
        BANYAN_TOKEN: serviceToken,
        IDENTITY_KEYS: `http://${places.gatewayOps}/.well-known/jwks.json`,
        POLL: '50',
        DELAY: String(slow?.consumer ?? 0),
      },
      ready: `http://${places.inventoryOps}/readyz`,
    });
  await command('control-plane', `http://${places.controlOps}/readyz`);
  let [inventory] = await Promise.all([
    startInventory(),
    start({
      name: 'shop',
      script: 'demo/shop/main.ts',
      env: { SHOP_DATABASE: databases.shop.url, SHOP_LISTEN: places.monolith },
      ready: `http://${places.monolith}/`,
    }),
    command('relay', `http://${places.relayOps}/readyz`),
  ]);
  await command('gateway', `http://${places.gatewayOps}/readyz`);
  const second = ['--listen', places.secondGateway, '--ops', places.secondGatewayOps];
  if (slow) await command('gateway', `http://${places.secondGatewayOps}/readyz`, second, 'second gateway');
  terminal.live('');
  const urls = Object.fromEntries(
    Object.entries(places).map(([name, at]) => [name, `http://${at}`]),
  ) as System['urls'];
  const gateways = [
    { url: urls.gateway, ops: urls.gatewayOps },
    ...(slow ? [{ url: urls.secondGateway, ops: urls.secondGatewayOps }] : []),
  ];
  return {
    ...{ urls, config, token, banyan, gateways },
    ...{ shop: databases.shop.pool, inventory: databases.inventory.pool },
    configure: (afterWrite) => writeConfig(config, { ...written, afterWrite }),
    service: {
      async crash() {
        inventory.kill('SIGKILL');
        await inventory.ended;
      },
      async start() {
        inventory = await startInventory();
      },
    },
  };
}
