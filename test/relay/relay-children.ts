import { fileURLToPath } from 'node:url';
import type { RowDataPacket } from 'mysql2/promise';
import { onTestFinished } from 'vitest';
import { startChild, type Child } from '../../demo/servers/child.ts';
import { until } from '../support/until.ts';
import type { RelayProcess } from './relay-process.ts';
import type { Scene } from './support.ts';

const RELAY_PROCESS = fileURLToPath(new URL('./relay-process.ts', import.meta.url));

export interface RelayChild extends Child {
  /** SIGKILL. Resolves when it and its connections are gone: what it had sent to the database has been carried out. */
  killed(): Promise<void>;
}

/** Starts relays of the scene as processes; each names itself in its requests. Call it before the scene is used. */
export function relayChildren({ url, stream, proxy, database }: Scene) {
  const ours = new Set<number>();
  database.pool.on('connection', ({ threadId }) => ours.add(threadId));
  const connections = async () => {
    const [rows] = await database.query<RowDataPacket[]>(
      'SELECT id FROM information_schema.processlist WHERE db = DATABASE()',
    );
    return rows.map((row) => Number(row['id'] ?? row['ID']));
  };
  return (options: Omit<RelayProcess, 'database' | 'stream' | 'endpoint'>): RelayChild => {
    const given: RelayProcess = { database: url, stream, endpoint: proxy.url, ...options };
    const child = startChild({
      command: process.execPath,
      args: [RELAY_PROCESS, JSON.stringify(given)],
      env: { ...process.env, AWS_SDK_UA_APP_ID: options.name },
    });
    onTestFinished(() => child.stop());
    return {
      ...child,
      async killed() {
        child.kill('SIGKILL');
        await child.ended;
        await until(`the connections of ${options.name} are gone`, async () =>
          (await connections()).every((id) => ours.has(id)),
        );
      },
    };
  };
}
