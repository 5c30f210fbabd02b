// How long a change takes until the last of four gateways has it in force, under shoppers' load:
// `node bench/toggle.ts [changes] [shoppers]`, with Redis and then without. Times in milliseconds from just before
// the commit, by the control plane's clock. It starts and stops every server that it uses.
import { createConnection } from 'mysql2/promise';
import { install } from '../control-plane/install/index.ts';
import { startDatabase } from '../demo/servers/database.ts';
import { startRedis } from '../demo/servers/redis.ts';
import { lastOfEach, percentile, startFleet, startShoppers } from '../test/control-plane/fleet.ts';

const changes = Number(process.argv[2] ?? 200);
const shoppers = Number(process.argv[3] ?? 24);
const names = ['gw-1', 'gw-2', 'gw-3', 'gw-4'];

const [database, redis] = await Promise.all([startDatabase('mariadbd'), startRedis('redis-server')]);
try {
  for (const url of [redis.url, undefined]) {
    const own = `${database.url}/control_${url ? 'hints' : 'polls'}`;
    await createDatabase(own);
    await install({ url: own, set: 'control' });
    const fleet = await startFleet({ database: own, redis: url, names });
    try {
      const load = startShoppers(fleet.gateways, shoppers);
      const began = performance.now();
      const results = [];
      for (let change = 0; change < changes; change++) results.push(await fleet.canary(change % 2 ? 10 : 60));
      const seconds = (performance.now() - began) / 1_000;
      const { requests, failures } = await load.stop();
      const last = lastOfEach(results);
      const short = results.filter(({ missing }) => missing.length > 0).length;
      const figures = [0.5, 0.95, 0.99, 1].map((share) => percentile(last, share).toFixed(1).padStart(7));
      process.stdout.write(
        `${url ? 'with Redis   ' : 'without Redis'}  p50 ${figures[0]}  p95 ${figures[1]}  p99 ${figures[2]}  max ${figures[3]}  ` +
          `(${changes} changes, ${short} not on all four; ${Math.round(requests / seconds)} requests/s, ${failures.length} failed)\n`,
      );
    } finally {
      await fleet.stop();
    }
  }
} finally {
  await Promise.all([database.stop(), redis.stop()]);
}

async function createDatabase(url: string): Promise<void> {
  const { pathname } = new URL(url);
  const connection = await createConnection({ uri: url.slice(0, -pathname.length) });
  await connection.query(`CREATE DATABASE ${pathname.slice(1)} CHARACTER SET utf8mb4`);
  await connection.end();
}
