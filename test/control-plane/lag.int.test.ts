import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { expect, inject, onTestFinished, test } from 'vitest';
import { createConsumer, mysqlInbox } from '../../consumer/index.ts';
import { parseConfig } from '../../contexts/index.ts';
import {
  lagRoutes,
  openStore,
  startControlPlane,
  type LagHistory,
  type LagReport,
} from '../../control-plane/index.ts';
import { lagMetrics } from '../../control-plane/lag/lag-metrics.ts';
import { startDatabase } from '../../demo/servers/database.ts';
import { openDatabase, type Database } from '../../runtime/database.ts';
import { createDatabase, freshDatabase } from '../support/database.ts';
import { freshStream } from '../support/stream.ts';
import { until, untilOpenTransactions } from '../support/until.ts';

const TOKEN = 'a-token-of-the-operator';
const log = pino({ level: 'silent' });

async function controlPlane(outboxUrl: string | undefined) {
  const stateDir = await mkdtemp(join(tmpdir(), 'banyan-lag-'));
  const parsed = parseConfig(
    `upstreams: { monolith: { url: http://127.0.0.1:3000 }, inventory: { url: http://127.0.0.1:3001 } }
gateway: { stateDir: '${stateDir}' }
control: { tokens: [{ owner: ada, token: ${TOKEN} }] }
contexts:
  inventory:
    upstream: inventory
    routes: [GET /inventory/:sku]
    events: [StockAdjusted, PriceChanged]
    consumer: inventory
  orders:
    upstream: inventory
    routes: [GET /orders/:id]
    events: [OrderPlaced]
captures:
  catalogue: { table: product, key: sku, columns: [price], aggregate: product, context: inventory }
  loose: { table: loose, key: id, columns: [x], aggregate: thing }
${outboxUrl ? `outbox: { database: '${outboxUrl}' }` : ''}
`,
    () => undefined,
  );
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.mistakes));
  const { config } = parsed;
  const database = outboxUrl === undefined ? undefined : openDatabase(outboxUrl);
  const store = await openStore(config);
  const lag = lagRoutes({ config, database, log, keepEvery: 100 });
  const running = await startControlPlane({ config, store, log, listen: '127.0.0.1:0', lag: lag.router });
  onTestFinished(async () => {
    await running.stop();
    await lag.stop();
    await store.close();
    await database?.end();
    await rm(stateDir, { recursive: true });
  });
  const call = (path: string, init: RequestInit = {}) =>
    fetch(`${running.url}${path}`, {
      ...init,
      headers: { authorization: `Bearer ${TOKEN}`, 'content-type': 'application/json', ...init.headers },
    });
  return {
    url: running.url,
    lag,
    call,
    read: async () => (await (await call('/v1/lag')).json()) as LagReport,
    report: (application: string, body: unknown) =>
      call(`/v1/consumers/${application}`, { method: 'POST', body: JSON.stringify(body) }),
    context: async (name: string) =>
      ((await (await call('/v1/lag')).json()) as LagReport).contexts.find(
        (context) => context.name === name,
      )!,
  };
}

async function append(database: Database, type: string, secondsAgo = 0): Promise<void> {
  await database.query(
    `INSERT INTO banyan_outbox (event_id, source, type, aggregate_type, aggregate_id, data, server_clock, appended_at)
     VALUES (?, '/m', ?, 'o', '1', '{}', NULL, NOW(6) - INTERVAL ? SECOND)`,
    [randomUUID(), type, secondsAgo],
  );
}

/** What a relay does once a second. */
async function heartbeat(database: Database, counts: Record<string, number>, secondsAgo = 0): Promise<void> {
  await database.query(
    `INSERT INTO banyan_outbox_relay (relay, seen_at, settled_by_type) VALUES ('r', NOW(6) - INTERVAL ? SECOND, ?)
     ON DUPLICATE KEY UPDATE seen_at = VALUES(seen_at), settled_by_type = VALUES(settled_by_type)`,
    [secondsAgo, JSON.stringify(counts)],
  );
}

async function outbox() {
  const url = await freshDatabase('outbox');
  const database = openDatabase(url);
  onTestFinished(() => database.end());
  return { database, ...(await controlPlane(url)) };
}

const good = { lagMs: 40, shards: 2, handledTotal: 7 };

test('tells pending events and their age per context and in total, captured rows with their context, the rest unassigned', async () => {
  const { database, read, lag, call } = await outbox();
  await heartbeat(database, {});
  await append(database, 'StockAdjusted', 50);
  await append(database, 'row.catalogue.update', 80);
  await append(database, 'OrderPlaced', 5);
  await append(database, 'row.loose.insert', 10);
  await append(database, 'Mystery', 120);
  const { contexts, total, unassigned } = await read();
  const [inventory, orders] = contexts;
  expect(inventory).toMatchObject({ name: 'inventory', pending: 2, parked: 0, consumer: 'inventory' });
  expect(orders).toMatchObject({ name: 'orders', pending: 1, consumer: null, consumerState: 'none' });
  expect(unassigned).toMatchObject({ types: ['Mystery', 'row.loose.insert'], pending: 2 });
  expect(total).toMatchObject({ pending: 5, parked: 0 });
  const near = (age: number | null, seconds: number) => {
    expect(age).toBeGreaterThanOrEqual(seconds * 1_000);
    expect(age).toBeLessThan((seconds + 20) * 1_000);
  };
  near(inventory!.oldestAgeMs, 80);
  near(orders!.oldestAgeMs, 5);
  near(unassigned.oldestAgeMs, 120);
  near(total.oldestAgeMs, 120);
  expect(await lag.inFlight('inventory')).toBe(2);
  expect(await lag.inFlight('orders')).toBe(1);
  expect((await call('/v1/lag/history?context=none')).status).toBe(404);
});

test('tells the rates from what the relays settled and what waits more than before', async () => {
  const { database, read } = await outbox();
  await heartbeat(database, { OrderPlaced: 100, Mystery: 1 });
  await read();
  await heartbeat(database, { OrderPlaced: 130, Mystery: 3 });
  for (let n = 0; n < 10; n += 1) await append(database, 'OrderPlaced');
  const { contexts, unassigned } = await untilOpenTransactions('rates', async () => {
    const report = await read();
    return (report.contexts[1]!.rateOut ?? 0) > 0 ? report : undefined;
  });
  const [inventory, orders] = contexts;
  expect(inventory).toMatchObject({ rateIn: 0, rateOut: 0 });
  expect(orders!.rateIn! / orders!.rateOut!).toBeCloseTo(40 / 30, 0);
  expect(unassigned.types).toEqual(['Mystery']);
  expect(unassigned.rateOut).toBeGreaterThan(0);
});

test('a relay that nobody has seen is a problem, and so is one not seen for a while', async () => {
  const { database, read } = await outbox();
  expect((await read()).problems).toContain('relay: none seen; start one with `banyan relay`');
  await heartbeat(database, {}, 12);
  expect((await read()).problems).toContainEqual(expect.stringMatching(/^relay: none seen for 1\d s$/));
  await heartbeat(database, {}, -60);
  expect((await read()).problems).toContainEqual(expect.stringContaining('relay: r was seen in the future'));
  await heartbeat(database, {});
  const { problems, relays } = await read();
  expect(problems.filter((problem) => problem.startsWith('relay'))).toEqual([]);
  expect(relays).toEqual([{ relay: 'r', seenAgoMs: expect.any(Number) }]);
});

test('a consumer is unknown before it reports, and when it says so itself; one that nobody configured is refused', async () => {
  const { context, read, report } = await outbox();
  expect(await context('inventory')).toMatchObject({ consumerState: 'unknown', consumerLagMs: null });
  expect((await read()).problems).toContain(
    "consumer 'inventory' of context 'inventory': it has not reported to this control plane",
  );
  expect((await report('inventory', { ...good, at: new Date().toISOString() })).status).toBe(204);
  const known = await context('inventory');
  expect(known).toMatchObject({ consumerState: 'known', consumer: 'inventory' });
  expect(known.consumerLagMs).toBeGreaterThanOrEqual(40);
  expect(known.consumerLagMs).toBeLessThan(5_000);
  await report('inventory', { ...good, lagMs: null, at: new Date().toISOString() });
  expect(await context('inventory')).toMatchObject({ consumerState: 'unknown', consumerLagMs: null });
  const stranger = await report('stranger', { ...good, at: new Date().toISOString() });
  expect(stranger.status).toBe(404);
  expect(await stranger.json()).toMatchObject({ detail: expect.stringContaining('`consumer: stranger`') });
  const negative = await report('inventory', { ...good, lagMs: -1, at: new Date().toISOString() });
  expect(negative.status).toBe(422);
});

test('a real consumer reports itself, and its lag is known', async () => {
  const { url, context } = await outbox();
  const service = openDatabase(await freshDatabase('inbox'));
  const consumer = createConsumer({
    stream: {
      ...{ name: await freshStream(1), region: 'us-east-1', endpoint: inject('kinesis') },
      credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
    },
    ...{ application: 'inventory', handlers: {}, inbox: mysqlInbox(service), log, poll: 50 },
    report: { url, token: TOKEN },
  });
  onTestFinished(async () => {
    await consumer.stop();
    await service.end();
  });
  await consumer.start();
  await untilOpenTransactions('known', async () => (await context('inventory')).consumerState === 'known');
});

test('what consumers report is written down for the history, and told of the minutes that are over', async () => {
  const { database, report, call } = await outbox();
  const held = async (where: string) => {
    const [rows] = await database.query(`SELECT context, figure FROM banyan_outbox_consumer_lag ${where}`);
    return rows as { context: string; figure: string }[];
  };
  await until('it is noted', async () => {
    await report('inventory', { ...good, at: new Date().toISOString() });
    return (await held('WHERE worst_ms >= 40')).length > 0;
  });
  expect(await held('')).toContainEqual({ context: 'inventory', figure: 'consumer' });
  await database.query('UPDATE banyan_outbox_consumer_lag SET minute = minute - INTERVAL 5 MINUTE');
  const told = async () => {
    const { contexts, total } = (await (await call('/v1/lag/history?minutes=10')).json()) as LagHistory;
    const lags = (minutes: LagHistory['total']['minutes']) =>
      minutes.flatMap(({ consumerLagMs }) => (consumerLagMs === undefined ? [] : [consumerLagMs]));
    return [...contexts.map(({ minutes }) => lags(minutes)), lags(total.minutes)];
  };
  const [inventory, orders, total] = await told();
  // More than one where a minute has ended since.
  expect(inventory!.length).toBeGreaterThan(0);
  expect(Math.max(...inventory!.map(Number))).toBeGreaterThanOrEqual(40);
  expect([orders, total]).toEqual([[], inventory]);
  await database.query('RENAME TABLE banyan_outbox_consumer_lag TO elsewhere');
  expect(await told()).toEqual([[], [], []]);
});

test('wants the token', async () => {
  const { url } = await outbox();
  for (const path of ['/v1/lag', '/v1/consumers/inventory'])
    expect((await fetch(`${url}${path}`, { method: path === '/v1/lag' ? 'GET' : 'POST' })).status).toBe(401);
});

test('names the open transaction that holds an event back', async () => {
  const { database, read } = await outbox();
  const writer = await database.getConnection();
  onTestFinished(() => writer.release());
  await writer.beginTransaction();
  await writer.query(
    "INSERT INTO banyan_outbox (event_id, source, type, aggregate_type, aggregate_id, data) VALUES (?, '/m', 'T', 'o', '1', '{}')",
    [randomUUID()],
  );
  const { openTransaction, total } = await untilOpenTransactions('it is named', async () => {
    const report = await read();
    return report.openTransaction.state === 'open' ? report : undefined;
  });
  expect(openTransaction).toMatchObject({ thread: writer.threadId, user: 'root', events: 1 });
  expect(total.pending).toBe(0);
  await writer.rollback();
});

test('without the right to see open transactions it says which is missing, and that is a problem', async () => {
  const url = await freshDatabase('outbox');
  const root = openDatabase(url);
  const name = `u${randomUUID().slice(0, 8)}`;
  await root.query(`CREATE USER '${name}'@'%' IDENTIFIED BY 'a-Pass-word-1'`);
  await root.query(`GRANT SELECT ON \`${new URL(url).pathname.slice(1)}\`.* TO '${name}'@'%'`);
  onTestFinished(async () => {
    await root.query(`DROP USER '${name}'@'%'`);
    await root.end();
  });
  await heartbeat(root, {});
  const { read } = await controlPlane(url.replace('root@', `${name}:a-Pass-word-1@`));
  const { openTransaction, total, problems } = await read();
  expect(openTransaction).toMatchObject({ state: 'unknown' });
  expect(total.pending).toBe(0);
  expect(problems.find((problem) => problem.startsWith('open transaction'))).toBe(
    `open transaction: unknown, this user lacks the PROCESS privilege: GRANT PROCESS ON *.* TO '${name}'@'%'`,
  );
});

test('shows the same figures as metrics, unknown ones as not a number', async () => {
  const { database, read, lag } = await outbox();
  await heartbeat(database, {});
  await append(database, 'OrderPlaced', 100);
  await read();
  const metrics = await lag.metrics.metrics();
  expect(metrics).toContain('banyan_outbox_pending{context="orders"} 1');
  expect(metrics).toContain('banyan_outbox_pending{context="unassigned"} 0');
  expect(metrics).toContain('banyan_outbox_lag_seconds{context="inventory"} 0');
  expect(metrics).toMatch(/banyan_outbox_lag_seconds\{context="orders"\} 1[01]\d/);
  expect(metrics).toMatch(/banyan_consumer_lag_seconds\{context="inventory",consumer="inventory"\} nan/i);
  expect(metrics).not.toContain('banyan_consumer_lag_seconds{context="orders"');
  expect(metrics).toMatch(/banyan_heartbeat_age_seconds\{context="inventory",consumer="inventory"\} nan/i);
  expect(metrics).not.toContain('banyan_heartbeat_age_seconds{context="orders"');
});

test('shows the captures that need a backfill by context; not a number when nobody may look, and nothing without captures', async () => {
  const { database, read, lag } = await outbox();
  await read();
  const due = async (context: string) =>
    new RegExp(`^banyan_outbox_backfill_due\\{context="${context}"\\} (.*)$`, 'm')
      .exec(await lag.metrics.metrics())?.[1]
      ?.toLowerCase();
  for (const context of ['inventory', 'orders', 'unassigned']) expect(await due(context)).toBe('0');
  await database.query(
    `INSERT INTO banyan_outbox_backfill_due (capture, context, bytes)
     VALUES ('catalogue', 'inventory', 1), ('prices', 'inventory', 1), ('loose', NULL, 1), ('old', 'was-retired', 1)`,
  );
  await read();
  expect(await due('inventory')).toBe('2');
  expect(await due('orders')).toBe('0');
  // Neither one without a context nor one of a context that is no longer configured is lost.
  expect(await due('unassigned')).toBe('2');
  await database.query('RENAME TABLE banyan_outbox_backfill_due TO elsewhere');
  const unknown = await read();
  expect(unknown.backfillDue).toBeNull();
  for (const context of ['inventory', 'orders', 'unassigned']) expect(await due(context)).toBe('nan');

  const without = lagMetrics(() => unknown, { capturing: false });
  expect(await without.metrics()).not.toMatch(/^banyan_outbox_backfill_due\{/m);
});

test('without an outbox in the configuration everything is unknown, not zero', async () => {
  const { read, lag, call } = await controlPlane(undefined);
  const { total, problems } = await read();
  expect(total).toMatchObject({ pending: null, oldestAgeMs: null, rateIn: null });
  expect(problems).toContain('outbox: the configuration has no `outbox.database`');
  expect(await lag.inFlight('orders')).toBeUndefined();
  expect((await call('/v1/lag/history')).status).toBe(503);
  expect((await call('/v1/lag/history?minutes=0')).status).toBe(422);
});

test('a database that is away, killed or silent, makes the lag unknown, and known again when it is back', async () => {
  const server = await startDatabase('mariadbd');
  onTestFinished(() => server.stop());
  const { read, lag } = await controlPlane(await createDatabase(server.url, 'outbox'));
  const isKnown = async () => (await read()).total.pending === 0;
  await untilOpenTransactions('known', isKnown);
  server.kill('SIGKILL');
  // At first connections break; then none can be made.
  const { openTransaction, contexts } = await untilOpenTransactions('unknown', async () => {
    const report = await read();
    expect(report.problems[0]).toMatch(/^outbox: .*ECONNREFUSED/);
    return report;
  });
  expect(openTransaction.state).toBe('unknown');
  expect(contexts[0]).toMatchObject({ pending: null, oldestAgeMs: null, rateIn: null, rateOut: null });
  expect(await lag.inFlight('inventory')).toBeUndefined();
  await server.restart();
  await untilOpenTransactions('known again', isKnown);
  server.kill('SIGSTOP');
  await untilOpenTransactions('unknown', async () => (await read()).total.pending === null);
  server.kill('SIGCONT');
  await untilOpenTransactions('known once more', isKnown);
});

test('what gateways are told is the lag from the outbox to the effect: what waits in the outbox counts, and so does silence', async () => {
  const { database, report, lag } = await outbox();
  expect(lag.handledAgo('inventory')).toBeUndefined();
  const known = () => report('inventory', { ...good, at: new Date().toISOString() });
  const ago = await until('it is known', async () => {
    await known();
    return lag.handledAgo('inventory');
  });
  expect(ago).toBeGreaterThanOrEqual(good.lagMs);
  expect(ago).toBeLessThan(15_000);
  expect(lag.handledAgo('orders')).toBeUndefined();
  await append(database, 'OrderPlaced', 90);
  await append(database, 'row.catalogue.update', 50);
  await until('what waits is seen', async () => {
    await known();
    const waits = lag.handledAgo('inventory')!;
    return waits >= 50_000 && waits < 85_000;
  });
  await database.query("UPDATE banyan_outbox SET state = 'settled', settled_at = NOW(6)");
  await until('nothing waits', async () => {
    await known();
    return lag.handledAgo('inventory')! < 15_000;
  });
  await report('inventory', { ...good, lagMs: null, at: new Date().toISOString() });
  expect(lag.handledAgo('inventory')).toBeUndefined();
});
