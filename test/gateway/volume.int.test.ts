import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer, request as httpRequest, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createInterface } from 'node:readline';
import { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { expect, onTestFinished, test } from 'vitest';
import { until } from '../support/until.ts';
import { freshFolder } from './support/gateway.ts';

const MIB = 1024 * 1024;
const SIZE = 1024 * MIB;

/** Bytes without holding them. */
function* zeros(size: number) {
  const chunk = Buffer.alloc(64 * 1024);
  for (let sent = 0; sent < size; sent += chunk.length) yield chunk;
}

/** Counts uploads, and answers every download with as many bytes as its path says. Without `reads` it takes no body. */
async function startStore(reads: boolean) {
  let sent = 0;
  const server = createServer((request, response) => {
    if (!reads) return;
    let received = 0;
    request.on('data', (chunk: Buffer) => (received += chunk.length));
    request.on('end', () => {
      if (request.method === 'GET')
        Readable.from(zeros(Number(request.url!.slice(1))))
          .on('data', (chunk: Buffer) => (sent += chunk.length))
          .pipe(response);
      else response.end(String(received));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.close();
    server.closeAllConnections();
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, sent: () => sent };
}

/** A gateway process in front of the store, and the memory that it holds. */
async function startGatewayProcess({ reads = true } = {}) {
  const store = await startStore(reads);
  const script = fileURLToPath(new URL('support/volume-gateway.ts', import.meta.url));
  const child = spawn(process.execPath, [script, store.url, await freshFolder()], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  onTestFinished(async () => {
    child.kill('SIGKILL');
    if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
  });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const url = (await lines.next()).value as string;
  const rss = async () => {
    child.stdin.write('\n');
    return Number((await lines.next()).value);
  };
  return { url, rss, sent: store.sent };
}

function open(url: string, method: string, size = SIZE) {
  const { hostname, port } = new URL(url);
  const outgoing = httpRequest({ agent: false, hostname, port, method, path: `/${size}` });
  const answered = once(outgoing, 'response').then(([answer]) => answer as IncomingMessage);
  answered.catch(() => {});
  return { outgoing, answered };
}

/** True once the amount has begun to grow and then stood still for 30 looks. */
function isStill(amount: () => number): () => boolean {
  let last = 0;
  let looks = 0;
  return () => {
    looks = amount() === last && last > 0 ? looks + 1 : 0;
    last = amount();
    return looks > 30;
  };
}

// What a body costs, and not what a process costs that has never carried one: some 70 MiB, whatever the body's size.
const WARM_UP = 128 * MIB;
const GROWTH = 64 * MIB;

test('1 GiB goes up and down, and the gateway grows by less than 64 MiB', async () => {
  const { url, rss } = await startGatewayProcess();
  let most = 0;
  const watch = async <T>(work: Promise<T>) => {
    const over = new AbortController();
    const done = work.finally(() => over.abort());
    while (!over.signal.aborted) {
      most = Math.max(most, await rss());
      await new Promise((resolve) => setImmediate(resolve));
    }
    return done;
  };
  const upAndDown = async (size: number) => {
    const up = open(url, 'PUT');
    Readable.from(zeros(size)).pipe(up.outgoing);
    const answer = await watch(up.answered);
    expect(String((await answer.toArray())[0])).toBe(String(size));
    const down = open(url, 'GET', size);
    down.outgoing.end();
    let received = 0;
    const download = await down.answered;
    download.on('data', (chunk: Buffer) => (received += chunk.length));
    await watch(once(download, 'end'));
    expect(received).toBe(size);
  };
  await upAndDown(WARM_UP);
  const before = await rss();
  most = before;
  await upAndDown(SIZE);
  expect(most - before).toBeLessThan(GROWTH);
}, 120_000);

test('a client that doesn’t read stops the upstream', async () => {
  const { url, rss, sent } = await startGatewayProcess();
  const before = await rss();
  const down = open(url, 'GET');
  down.outgoing.end();
  const download = await down.answered;
  await until('the upstream has stopped sending', isStill(sent));
  expect(sent()).toBeLessThan(64 * MIB);
  expect((await rss()) - before).toBeLessThan(100 * MIB);
  download.destroy();
}, 60_000);

test('an upstream that doesn’t read stops the client', async () => {
  const { url, rss } = await startGatewayProcess({ reads: false });
  const before = await rss();
  const up = open(url, 'PUT');
  let sent = 0;
  const chunk = Buffer.alloc(64 * 1024);
  const push = () => {
    let more = true;
    while (sent < SIZE && more) {
      more = up.outgoing.write(chunk);
      sent += chunk.length;
    }
  };
  up.outgoing.on('drain', push).on('error', () => {});
  push();
  await until(
    'the client has stopped sending',
    isStill(() => sent),
  );
  expect(sent).toBeLessThan(64 * MIB);
  expect((await rss()) - before).toBeLessThan(100 * MIB);
  up.outgoing.destroy();
}, 60_000);
