import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createConnection } from 'mysql2/promise';
import { createConsumer, mysqlInbox } from '../../consumer/index.ts';
import { parseConfig } from '../../contexts/index.ts';
import { install } from '../../control-plane/install/install.ts';
import { openFileStore } from '../../control-plane/store/file-store.ts';
import { startGateway } from '../../gateway/start-gateway.ts';
import { startRelay } from '../../relay/index.ts';
import { openDatabase } from '../../runtime/database.ts';
import { openLog } from '../../runtime/log.ts';
import { wait } from '../../runtime/wait.ts';
import { createStream } from '../create-stream.ts';
import { forgetQueue } from '../forget-queue.ts';
import { freePort, startChild, untilReady } from '../servers/child.ts';
import { takeDeeds } from './deeds.ts';
import { loadSakila } from './load-sakila.ts';
import { createRebuiltTables, rebuildHandlers } from './rebuild.ts';
import { replay } from './replay.ts';
import { readLag, type Figures } from './report.ts';
import { verify } from './verify.ts';

export interface RealOptions {
  /** The folder with sakila-schema.sql and sakila-data.sql. */
  readonly folder: string;
  /** A database server, `mysql://root@host:port`: two databases of our own are made there, and dropped at the end. */
  readonly server: string;
  readonly redis: string;
  /** The Kinesis emulator's endpoint. */
  readonly kinesis: string;
  /** How many of Sakila's 599 customers to take; all unless given. */
  readonly customers?: number | undefined;
  readonly onPhase?: (text: string) => void;
  readonly onProgress?: (progress: { written: number; handled: number; total: number }) => void;
  readonly signal?: AbortSignal;
}

export interface RealOutcome {
  /** What went wrong or differs; empty when all is as it must be. */
  readonly differences: readonly string[];
  readonly figures: Figures;
}

const IN_FLIGHT = 16;
const SHARDS = 16;
/** Milliseconds without a newly handled event after which it is given up. */
const STALLED = 60_000;
const CREDENTIALS = { accessKeyId: 'emulator', secretAccessKey: 'emulator' };

/**
 * Sakila's rentals and payments through the whole chain: gateway, monolith, outbox, relay, Kinesis, consumer;
 * then what the consumer rebuilt against Sakila itself.
 */
export async function runReal(options: RealOptions): Promise<RealOutcome> {
  const { folder, kinesis, onPhase = () => {}, onProgress = () => {} } = options;
  const signal = options.signal ?? new AbortController().signal;
  const closers: (() => Promise<unknown>)[] = [];
  const closing = <T>(thing: T, close: () => Promise<unknown>): T => {
    closers.unshift(close);
    return thing;
  };
  const log = openLog('real', 'error');
  try {
    onPhase('loading the Sakila schema and data');
    const name = `banyan_real_${randomBytes(4).toString('hex')}`;
    const legacyUrl = await ownDatabase(options.server, `${name}_sakila`, closing);
    const rebuiltUrl = await ownDatabase(options.server, `${name}_rebuilt`, closing);
    await loadSakila(folder, legacyUrl);
    await install({ url: legacyUrl, set: 'outbox' });
    await install({ url: rebuiltUrl, set: 'inbox' });
    const sakila = openDatabase(legacyUrl);
    closing(sakila, () => sakila.end());
    closing(sakila, () => forgetQueue(options.redis, sakila));
    const rebuilt = openDatabase(rebuiltUrl);
    closing(rebuilt, () => rebuilt.end());
    await createRebuiltTables(rebuilt);
    const deeds = await takeDeeds(sakila, options.customers);

    onPhase('starting monolith, gateway, relay and consumer');
    const stream = { name, region: 'us-east-1', endpoint: kinesis, credentials: CREDENTIALS };
    await createStream(kinesis, name, SHARDS);
    const monolith = await startMonolith(legacyUrl, closing);
    const gateway = await startFront(monolith, log, closing);
    const relay = await startRelay({
      database: sakila,
      stream,
      redis: options.redis,
      name: 'real',
      lease: 10_000,
      requestTimeout: 3_000,
      poll: 25,
      retention: 86_400_000,
      log,
      credentials: CREDENTIALS,
    });
    closing(relay, () => relay.stop());
    const consumer = createConsumer({
      stream,
      application: 'rebuild',
      handlers: rebuildHandlers,
      inbox: mysqlInbox(rebuilt),
      poll: 50,
      log,
    });
    await consumer.start();
    closing(consumer, () => consumer.stop());

    onPhase(`taking ${deeds.length.toLocaleString('en-US')} rentals and payments through the gateway`);
    let written = 0;
    const total = deeds.length;
    const started = performance.now();
    const ticker = setInterval(() => onProgress({ written, handled: consumer.totals().handled, total }), 100);
    closing(ticker, async () => clearInterval(ticker));
    const failures = await replay({
      url: gateway,
      deeds,
      inFlight: IN_FLIGHT,
      signal,
      onDone: () => written++,
    });
    const writing = performance.now() - started;
    await untilHandled(() => consumer.totals().handled, total - failures.length, signal);
    const handling = performance.now() - started;
    onProgress({ written, handled: consumer.totals().handled, total });
    clearInterval(ticker);

    onPhase('comparing what was rebuilt with Sakila itself');
    const { differences, customers } = await verify(sakila, rebuilt, deeds);
    const rentals = deeds.filter(({ kind }) => kind === 'rental').length;
    return {
      differences: [...failures, ...differences],
      figures: {
        rentals,
        payments: total - rentals,
        customers,
        writing,
        handling,
        lag: await readLag(rebuilt),
      },
    };
  } finally {
    for (const close of closers) await close().catch((error: unknown) => log.error(error, 'closing failed'));
  }
}

type Closing = <T>(thing: T, close: () => Promise<unknown>) => T;

async function ownDatabase(server: string, name: string, closing: Closing): Promise<string> {
  const url = new URL(server);
  const run = async (sql: string) => {
    const connection = await createConnection({ uri: url.href.replace(/^mariadb:/, 'mysql:') });
    await connection.query(sql).finally(() => connection.end());
  };
  url.pathname = '/';
  await run(`CREATE DATABASE ${name} CHARACTER SET utf8mb4`);
  closing(name, () => run(`DROP DATABASE IF EXISTS ${name}`));
  return new URL(`/${name}`, url).href;
}

async function startMonolith(databaseUrl: string, closing: Closing): Promise<string> {
  const port = await freePort();
  const main = fileURLToPath(new URL('./monolith-main.ts', import.meta.url));
  const child = startChild({ command: process.execPath, args: [main, databaseUrl, String(port)] });
  closing(child, () => child.stop());
  const url = `http://127.0.0.1:${port}`;
  await untilReady(child, 'the monolith', async () => (await fetch(url)).status === 404);
  return url;
}

/** A gateway with a monolith behind it and no context: everything passes through. */
async function startFront(
  monolith: string,
  log: ReturnType<typeof openLog>,
  closing: Closing,
): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'banyan-real-'));
  closing(folder, () => rm(folder, { recursive: true, force: true }));
  const parsed = parseConfig(
    `gateway: { stateDir: ${JSON.stringify(folder)} }\nupstreams: { monolith: { url: '${monolith}' } }`,
    () => undefined,
  );
  if (!parsed.ok) throw new Error(parsed.mistakes.map(({ message }) => message).join('\n'));
  const source = openFileStore({ folder, first: {} });
  closing(source, async () => source.close());
  const gateway = await startGateway({
    config: parsed.config,
    source,
    name: 'real',
    log,
    listen: '127.0.0.1:0',
    ops: '127.0.0.1:0',
  });
  closing(gateway, () => gateway.stop());
  return gateway.url;
}

async function untilHandled(handled: () => number, total: number, signal: AbortSignal): Promise<void> {
  let last = handled();
  let since = performance.now();
  while (handled() < total && performance.now() - since < STALLED) {
    await wait(10, signal);
    signal.throwIfAborted();
    if (handled() > last) {
      last = handled();
      since = performance.now();
    }
  }
}
