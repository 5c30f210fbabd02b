import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { expect, onTestFinished, test } from 'vitest';
import { freePort, startChild, untilReady } from '../../../demo/servers/child.ts';
import { until } from '../../support/until.ts';

const program = fileURLToPath(new URL('./parent.ts', import.meta.url));

async function startParent(kind = 'willing') {
  const parent = spawn(process.execPath, [program, kind], {
    detached: true,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  onTestFinished(() => void parent.kill('SIGKILL'));
  const lines = createInterface({ input: parent.stdout })[Symbol.asyncIterator]();
  const owns = JSON.parse((await lines.next()).value as string) as { pids: number[]; folder: string };
  return { parent, lines, ...owns };
}

function runs(pid: number): boolean {
  try {
    process.kill(pid, 0);
    // Ended, but not yet buried by the machine's first process.
    return !existsSync('/proc/self/stat') || !/^\d+ \(.*\) Z/.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    return false;
  }
}

test.each(['SIGKILL', 'SIGTERM', 'SIGHUP'] as const)(
  'what we started ends when we end by %s, and its folder goes',
  async (signal) => {
    const { parent, pids, folder } = await startParent();
    expect(pids.every(runs)).toBe(true);
    expect(existsSync(folder)).toBe(true);
    parent.kill(signal);
    await until('the children and the folder are gone', () => !pids.some(runs) && !existsSync(folder));
  },
);

test('a child that does not listen to SIGTERM is killed after we are gone', async () => {
  const { parent, pids, folder } = await startParent('deaf');
  parent.kill('SIGKILL');
  await until('the children and the folder are gone', () => !pids.some(runs) && !existsSync(folder));
});

test('Ctrl+C in the terminal reaches us alone, and we end things in our order', async () => {
  const { parent, lines, pids, folder } = await startParent();
  process.kill(-Number(parent.pid), 'SIGINT'); // as a terminal does: to the whole foreground group
  expect((await lines.next()).value).toBe('in order');
  const [code] = await once(parent, 'exit');
  expect(code).toBe(0);
  expect(pids.some(runs)).toBe(false);
  expect(existsSync(folder)).toBe(false);
});

test('stop waits for the end, and kills what ignores SIGTERM', async () => {
  const deaf = "process.on('SIGTERM', () => {}); console.log('up'); setInterval(() => {}, 1000)";
  const child = startChild({ command: process.execPath, args: ['-e', deaf] });
  await untilReady(child, 'the child', async () => child.output().includes('up'));
  await child.stop(100);
  expect(runs(child.pid)).toBe(false);
});

test('a child that ends while it is started is an error with its last words', async () => {
  const child = startChild({
    command: process.execPath,
    args: ['-e', "console.error('no such option'); process.exit(7)"],
  });
  await expect(untilReady(child, 'the child', async () => false)).rejects.toThrow(
    /the child ended while starting.*no such option/s,
  );
});

test('a command that does not exist is an error too', async () => {
  const child = startChild({ command: '/no/such/program', args: [] });
  await expect(untilReady(child, 'the child', async () => false)).rejects.toThrow(/ENOENT/);
});

test('a free port is free, and no port of an outgoing connection', async () => {
  const port = await freePort();
  expect(port).toBeGreaterThanOrEqual(20_000);
  expect(port).toBeLessThan(32_000);
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  await new Promise((resolve) => server.close(resolve));
});
