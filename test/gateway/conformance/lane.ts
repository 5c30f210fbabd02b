import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll } from 'vitest';
import { startGateway, type Gateway } from '../../../gateway/start-gateway.ts';
import { memorySource, type MemorySource } from '../../support/memory-source.ts';
import { until } from '../../support/until.ts';
import { keptLog, shopConfig } from '../support/gateway.ts';
import { openRaw, type RawClient } from './raw-client.ts';
import { PROBE, say, startRecordingOrigin, type RecordingOrigin } from './recording-origin.ts';

/** One gateway before two recording origins, for all tests of a file. */
export interface Lane {
  readonly gateway: Gateway;
  readonly monolith: RecordingOrigin;
  readonly inventory: RecordingOrigin;
  readonly source: MemorySource;
  readonly lines: Record<string, unknown>[];
  /** A connection that is closed after the test file. */
  connect(): RawClient;
  /**
   * Lets two exchanges of others go through. What was written before has then been read, decided and sent on: all
   * of them live on one event loop.
   */
  settle(): Promise<void>;
  /** Forgets what the origins have recorded, and how they were told to answer. */
  forget(): void;
}

/** Call at a test file's top level; the lane is there when its tests run. */
export function openLane(): Lane {
  const lane = {} as { -readonly [key in keyof Lane]: Lane[key] };
  const clients = new Set<RawClient>();
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'banyan-test-'));
    const [monolith, inventory] = await Promise.all([startRecordingOrigin(), startRecordingOrigin()]);
    const source = memorySource({ inventory: { reads: { stage: 'extracted' } } });
    const config = await shopConfig(
      { monolith: monolith.url, inventory: inventory.url },
      { stateDir: folder },
    );
    const { log, lines } = keptLog();
    const gateway = await startGateway({ config, source, name: 'lane', log, grace: 1_000, notice: 0 });
    const connect = () => {
      const client = openRaw(gateway.url);
      clients.add(client);
      client.socket.once('close', () => clients.delete(client));
      return client;
    };
    const probe = connect();
    let asked = 0;
    const settle = async () => {
      for (let nth = 0; nth < 2; nth += 1) {
        asked += 1;
        const target = `/probe/${asked}`;
        probe.write(`GET ${target} HTTP/1.1\r\nHost: ${PROBE}\r\n\r\n`);
        const answer = await until('the probe’s answer', () => probe.take()[0], 30_000, 1);
        if (answer.body !== `GET ${target}`)
          throw new Error(`a probe got another's answer: ${JSON.stringify(answer)}`);
      }
    };
    const forget = () => {
      for (const origin of [monolith, inventory]) {
        origin.forget();
        origin.answer = say;
        origin.onHead = undefined;
      }
      lines.length = 0;
    };
    Object.assign(lane, { gateway, monolith, inventory, source, lines, connect, settle, forget });
  });
  afterAll(async () => {
    for (const { socket } of clients) socket.destroy();
    await lane.gateway?.stop();
    await lane.monolith?.stop();
    await lane.inventory?.stop();
    await rm(folder, { recursive: true, force: true });
  });
  return lane;
}
