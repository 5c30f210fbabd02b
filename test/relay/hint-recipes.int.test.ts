import { spawnSync } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { PrismaMariaDb } from '@prisma/adapter-mariadb';
import { createPool } from 'mysql2/promise';
import { expect, inject, onTestFinished, test } from 'vitest';
import { PrismaClient } from '../../control-plane/store/prisma-client/client.ts';
import { HINT_CHANNEL } from '../../outbox/index.ts';
import { openRedis } from '../../runtime/redis.ts';
import * as mysql2 from '../outbox/hints/mysql2.ts';
import * as prisma from '../outbox/hints/prisma.ts';
import { openHint } from '../outbox/hints/redis.ts';
import { SHOP_TABLES } from '../outbox/writers/order.ts';
import { until } from '../support/until.ts';
import { idleRelay } from './idle-relay.ts';
import { drained, scene } from './support.ts';

const read = (file: string) => readFile(new URL(file, import.meta.url), 'utf8');
const shown = (await read('../../docs/outbox.md')).split('\n## Wake the relay\n')[1]!.split('\n## ')[0]!;
const inPhp = [...shown.matchAll(/```php\n([^]*?)```/g)].map(([, code = '']) => code);

test.each(['redis', 'mysql2', 'prisma'])(
  'the code shown for %s is the code that is tested',
  async (library) => {
    const source = await read(`../outbox/hints/${library}.ts`);
    expect(shown).toContain(source.slice(source.indexOf('export')).trim());
  },
);

test('the hints of the recipes wake a relay that rests, and change nothing for the writer while Redis is away', async () => {
  const it = await scene();
  for (const table of SHOP_TABLES) await it.database.query(table);
  await it.database.query("INSERT INTO stock VALUES ('A-1', 0)");
  const idle = await idleRelay(it, { redis: inject('redis') });
  const redis = openHint(inject('redis'));
  const away = openHint('redis://127.0.0.1:1');
  const pool = createPool(it.url);
  const client = new PrismaClient({ adapter: new PrismaMariaDb(it.url.replace(/^mysql:/, 'mariadb:')) });
  onTestFinished(async () => {
    redis.close();
    away.close();
    await pool.end();
    await client.$disconnect();
  });
  await idle.hears(redis.hint);
  const publisher = openRedis(inject('redis'));
  onTestFinished(() => publisher.disconnect());
  await until('Redis is there', () => publisher.status === 'ready');

  await idle.rest();
  await mysql2.restock(pool, redis.hint, 'A-1', 1);
  await drained(it);
  await idle.rest();
  await prisma.restock(client, redis.hint, 'A-1', 2);
  await drained(it);
  // Whatever else reaches Redis: what the page tells PHP to publish.
  for (const code of inPhp) {
    const [, channel, message] = /->publish\('([^']*)', '([^']*)'\)/.exec(code)!;
    await idle.rest();
    await it.append(['php', 1]);
    await publisher.publish(channel!, message!);
    await drained(it);
  }
  for (const by of [3, 4]) await mysql2.restock(pool, away.hint, 'A-1', by);
  const [rows] = await it.database.query("SELECT quantity FROM stock WHERE sku = 'A-1'");
  expect(rows).toEqual([{ quantity: 10 }]);
});

// phpredis, where this machine has it.
const phpHasRedis = (spawnSync('php', ['-m'], { encoding: 'utf8' }).stdout ?? '')
  .split('\n')
  .includes('redis');
test.runIf(phpHasRedis)(
  'the hint shown for PHP is heard, and throws nothing while Redis is away',
  async () => {
    const listener = openRedis(inject('redis'));
    onTestFinished(() => listener.disconnect());
    await until('Redis is there', () => listener.status === 'ready');
    const heard: string[] = [];
    await listener.subscribe(HINT_CHANNEL);
    listener.on('message', (channel, message) => heard.push(`${channel} ${message}`));
    const { hostname, port } = new URL(inject('redis'));
    const run = (to: string) => {
      const code = inPhp[0]!.replace("'redis.internal', 6379", to);
      const { stdout, stderr } = spawnSync('php', ['-r', `${code} hint(); hint(); echo 'committed';`], {
        encoding: 'utf8',
      });
      expect([stdout, stderr]).toEqual(['committed', '']);
    };
    run(`'${hostname}', ${port}`);
    await until('both are heard', () => heard.length >= 2);
    run("'127.0.0.1', 1");
  },
);
