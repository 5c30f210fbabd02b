import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { memorySource } from '../support/memory-source.ts';
import { configOf } from '../contexts/sample.ts';
import { sendRaw } from './support/client.ts';
import { freshFolder, metric, started, type Started } from './support/gateway.ts';
import { startRaw } from './support/upstream.ts';

const page = readFileSync(new URL('../../docs/targets.md', import.meta.url), 'utf8');
const [, yaml = ''] = /```yaml\n([\s\S]*?)```/.exec(page) ?? [];
const rows = page
  .split('\n')
  .filter((line) => /^\| `[A-Z]+ /.test(line))
  .map((line) =>
    line
      .split('|')
      .slice(1, -1)
      .map((cell) => cell.trim()),
  )
  .map(([request = '', , report = '', enforce = '']) => ({
    line: request
      .slice(1, -1)
      .replaceAll(/<0x(..)>/g, (_, byte: string) => String.fromCharCode(Number.parseInt(byte, 16))),
    report,
    enforce: enforce === 'the same' ? report : enforce,
  }));
const ROWS = 57;

/** What one upstream got: first lines and the Host behind them. */
interface Got {
  readonly upstream: string;
  readonly line: string;
  readonly host: string;
}

async function startShop(mode: 'report' | 'enforce'): Promise<{ gateway: Started; got: Got[] }> {
  const got: Got[] = [];
  const upstream = async (name: string) => {
    const { url } = await startRaw((socket) =>
      socket.on('data', (chunk) => {
        const text = chunk.toString('latin1');
        const [line = ''] = text.split(' HTTP/1.1\r\n');
        got.push({ upstream: name, line, host: /\r\nhost: ([^\r]*)/i.exec(text)?.[1] ?? '' });
        socket.end('HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok');
      }),
    );
    return url;
  };
  const text = yaml
    .replace(
      'targets: report',
      `targets: ${mode}, listen: '127.0.0.1:0', ops: '127.0.0.1:0', stateDir: ${JSON.stringify(await freshFolder())}`,
    )
    .replace('http://127.0.0.1:3000', await upstream('monolith'))
    .replace('http://127.0.0.1:3001', await upstream('inventory'))
    .replace('http://127.0.0.1:3002', await upstream('files'));
  const reads = { stage: 'extracted' } as const;
  const gateway = await started(configOf(text), memorySource({ inventory: { reads }, files: { reads } }));
  return { gateway, got };
}

test('the page has the rows that it had', () => {
  expect(rows).toHaveLength(ROWS);
});

test.each(['report', 'enforce'] as const)(
  'in mode %s each request of the page ends as the page says',
  async (mode) => {
    const { gateway, got } = await startShop(mode);
    const counted = new Map<string, number>();
    let refusals = 0;
    for (const row of rows) {
      got.length = 0;
      const answer = await sendRaw(
        gateway.url,
        `${row.line} HTTP/1.1\r\nHost: www.shop.example\r\nConnection: close\r\n\r\n`,
      );
      const [status] = /\d{3}/.exec(answer) ?? [];
      const outcome = { line: row.line, status, got: [...got] };
      const target = row.line.slice(row.line.indexOf(' ') + 1);
      const host = /^https?:\/\/(?:.*@)?([^/]*)/.exec(target)?.[1] ?? 'www.shop.example';
      const expected = row[mode];
      const byService = /^(\w+) gets `(.*)`$/.exec(expected);
      const doubt = /^monolith, counted as `([a-z-]+)`$/.exec(row.report)?.[1];
      if (byService) {
        const [, upstream, path] = byService;
        expect(outcome).toEqual({
          line: row.line,
          status: '200',
          got: [{ upstream, line: `GET ${path}`, host }],
        });
      } else if (expected === 'the monolith' || expected.startsWith('monolith, counted')) {
        expect(outcome).toEqual({
          line: row.line,
          status: '200',
          got: [{ upstream: 'monolith', line: row.line, host }],
        });
      } else {
        expect(outcome).toEqual({ line: row.line, status: expected.slice(0, 3), got: [] });
        if (!doubt) refusals += 1;
      }
      if (doubt) counted.set(doubt, (counted.get(doubt) ?? 0) + 1);
    }
    const outcome = mode === 'report' ? 'monolith' : 'refused';
    const text = await (await fetch(`${gateway.opsUrl}/metrics`)).text();
    for (const [doubt, count] of counted) {
      const samples = [...text.matchAll(/^banyan_gateway_doubtful_targets_total\{(.*)\} (\d+)$/gm)].filter(
        ([, labels]) => labels!.includes(`doubt="${doubt}",outcome="${outcome}"`),
      );
      expect([doubt, samples.reduce((sum, [, , value]) => sum + Number(value), 0)]).toEqual([doubt, count]);
    }
    expect(
      await metric(gateway, 'banyan_gateway_failures_total{upstream="",side="client",phase="request"}'),
    ).toBe(refusals);
    expect(await metric(gateway, 'banyan_gateway_refused_total{limit="tunnel"}')).toBe(1);
    const lines = gateway.lines.filter(({ doubt }) => doubt !== undefined);
    expect(lines.length).toBeGreaterThanOrEqual(counted.size);
    expect(new Set(lines.map(({ context, doubt }) => `${String(context)} ${String(doubt)}`)).size).toBe(
      lines.length,
    );
    expect(
      lines.every(
        ({ msg }) =>
          msg ===
          (mode === 'report' ? 'a doubtful target goes to the monolith' : 'a doubtful target is refused'),
      ),
    ).toBe(true);
  },
);
