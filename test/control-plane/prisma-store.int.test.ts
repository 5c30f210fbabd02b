import { createConnection, type RowDataPacket } from 'mysql2/promise';
import { expect, inject, it, onTestFinished } from 'vitest';
import { openPrismaStore } from '../../control-plane/store/prisma-store.ts';
import { StoreAway, type ReadsAndWrites } from '../../control-plane/store/snapshot-store.ts';
import { freePort } from '../../demo/servers/child.ts';
import { startDatabase } from '../../demo/servers/database.ts';
import { createDatabase, freshDatabase } from '../support/database.ts';
import { until } from '../support/until.ts';
import { registerContract } from './register-contract.ts';
import { storeContract } from './store-contract.ts';
import type { Place } from './store-place.ts';

const TABLES = ['banyan_control', 'banyan_context', 'banyan_audit', 'banyan_gateway', 'banyan_lag'];
const database = await freshDatabase('control');
const withoutTables = await freshDatabase();

async function rows(sql: string, values: unknown[] = []): Promise<RowDataPacket[]> {
  const connection = await createConnection({ uri: database, dateStrings: true, supportBigNumbers: true });
  const [found] = await connection.query(sql, values);
  await connection.end();
  return found as RowDataPacket[];
}

const empty = async () => {
  for (const table of TABLES) await rows(`DELETE FROM ${table}`);
};

const newPlace = async (): Promise<Place> => {
  await empty();
  return {
    open: (first) => openPrismaStore({ database, first, redis: inject('redis') }),
    empty,
    async save() {
      const kept = await Promise.all(
        TABLES.map(async (table) => [table, await rows(`SELECT * FROM ${table}`)]),
      );
      return {
        async restore() {
          await empty();
          for (const [table, content] of kept as [string, RowDataPacket[]][]) {
            for (const row of content) await rows(`INSERT INTO ${table} SET ?`, [row]);
          }
        },
      };
    },
    async backdate(gateway, by) {
      await rows('UPDATE banyan_gateway SET seen_at = seen_at - INTERVAL ? SECOND WHERE gateway = ?', [
        by / 1_000,
        gateway,
      ]);
    },
  };
};
storeContract('the MySQL store', newPlace);
registerContract('the MySQL store', newPlace);

const extracted = (now: ReadsAndWrites) => ({ ...now, reads: { stage: 'extracted' as const } });
const first = { inventory: { reads: { stage: 'legacy' as const }, writes: { stage: 'legacy' as const } } };

it('writes the audit entry in the transaction of the change: without the one there is not the other', async () => {
  await empty();
  const store = openPrismaStore({ database, first });
  onTestFinished(() => store.close());
  const before = await store.read();
  const actor = 'a'.repeat(191);
  await expect(store.change('inventory', extracted, { actor })).rejects.toBeInstanceOf(StoreAway);
  expect(await store.read()).toEqual(before);
  const change = await store.change('inventory', extracted, { actor: 'ada' });
  expect(change.revision).toBe(before.revision + 1);
});

it('hears nothing without Redis, and everything is there to be read all the same', async () => {
  await empty();
  const stores = [openPrismaStore({ database, first }), openPrismaStore({ database, first })];
  onTestFinished(async () => void (await Promise.all(stores.map((store) => store.close()))));
  const { revision } = await stores[0]!.change('inventory', extracted, { actor: 'ada' });
  expect((await stores[1]!.read()).revision).toBe(revision);
});

it('takes a password that the server wants hashed, and names what is missing', async () => {
  const { host, pathname } = new URL(database);
  await rows(`CREATE USER IF NOT EXISTS banyan_test_control@'%' IDENTIFIED BY 'p@ss/w:rd?#'`);
  await rows(`GRANT SELECT ON ${pathname.slice(1)}.* TO banyan_test_control@'%'`);
  onTestFinished(async () => void (await rows(`DROP USER banyan_test_control@'%'`)));
  const url = `mysql://banyan_test_control:${encodeURIComponent('p@ss/w:rd?#')}@${host}${pathname}`;
  await empty();
  const own = openPrismaStore({ database, first });
  const reader = openPrismaStore({ database: url, first });
  onTestFinished(async () => void (await Promise.all([own.close(), reader.close()])));
  await expect(reader.read()).rejects.toThrow(/INSERT command denied/);
  const { revision } = await own.read();
  expect((await reader.read()).revision).toBe(revision);
});

it('says what to do when its tables are missing', async () => {
  const store = openPrismaStore({ database: withoutTables, first });
  onTestFinished(() => store.close());
  await expect(store.read()).rejects.toThrow(/banyan install control/);
});

it('names the address and the deepest reason when the server can’t be reached, and nothing else', async () => {
  const port = await freePort();
  const store = openPrismaStore({ database: `mysql://ada:hunter2@127.0.0.1:${port}/control`, first });
  onTestFinished(() => store.close());
  const error: unknown = await store.read().catch((caught: unknown) => caught);
  expect(error).toBeInstanceOf(StoreAway);
  expect((error as Error).message).toBe(
    `the control store in MySQL at 127.0.0.1:${port}/control can't be used: connect ECONNREFUSED 127.0.0.1:${port}; ` +
      'check control.database, and that `banyan install control` has made its tables',
  );
});

it('names what the server says of a user that it does not know', async () => {
  const { host, pathname } = new URL(database);
  const store = openPrismaStore({ database: `mysql://nobody:hunter2@${host}${pathname}`, first });
  onTestFinished(() => store.close());
  await expect(store.read()).rejects.toThrow(
    /^the control store in MySQL at \S+ can't be used: error (1045|1698), Access denied for user 'nobody'@'[^']+' \(using password: YES\); check/,
  );
});

it('rejects soon while the server is frozen or gone, keeps what it has, and recovers by itself', async () => {
  const server = await startDatabase('mariadbd');
  onTestFinished(() => server.stop());
  const store = openPrismaStore({ database: await createDatabase(server.url, 'control'), first });
  onTestFinished(() => store.close());
  const { revision } = await store.change('inventory', extracted, { actor: 'ada' });

  server.kill('SIGSTOP');
  const took = await until('the store is away', async () => {
    const asked = performance.now();
    const error: unknown = await store.read().then(
      () => undefined,
      (caught) => caught,
    );
    return error instanceof StoreAway && performance.now() - asked;
  });
  expect(took).toBeLessThan(8_000);
  server.kill('SIGCONT');
  await until('the store after the frost', async () => (await store.read()).revision === revision);

  server.kill('SIGKILL');
  await until('the store is away', () =>
    store.read().then(
      () => false,
      (error) => error instanceof StoreAway,
    ),
  );
  await server.restart();
  await until('the store is back', async () => (await store.read()).revision === revision);
  expect((await store.undo('inventory', () => {}, { actor: 'ada' })).revision).toBe(revision + 1);
});
