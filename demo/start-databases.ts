import { openDatabase, type Database } from '../runtime/database.ts';
import type { Belongings } from './belongings.ts';

export interface DemoDatabase {
  readonly url: string;
  readonly pool: Database;
}

/**
 * Three fresh databases on `server`: the shop's, the inventory service's, the control plane's. Their names begin with
 * `prefix`. Dropped at the end.
 */
export async function startDatabases(
  belongings: Belongings,
  server: string,
  prefix: string,
): Promise<Record<'shop' | 'inventory' | 'control', DemoDatabase>> {
  const root = openDatabase(server, { connections: 1 });
  await belongings.own('connection', Promise.resolve(root), (pool) => pool.end());
  const create = async (name: string): Promise<DemoDatabase> => {
    const drop = () => root.query(`DROP DATABASE IF EXISTS \`${prefix}${name}\``);
    await belongings.own(
      name,
      root.query(`CREATE DATABASE \`${prefix}${name}\` CHARACTER SET utf8mb4`),
      drop,
    );
    const url = `${server}/${prefix}${name}`;
    const pool = await belongings.own(name, Promise.resolve(openDatabase(url, { connections: 3 })), (open) =>
      open.end(),
    );
    return { url, pool };
  };
  return {
    shop: await create('shop'),
    inventory: await create('inventory'),
    control: await create('control'),
  };
}
