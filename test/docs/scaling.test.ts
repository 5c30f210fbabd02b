import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import type { Load, StreamPlan } from '../../relay/index.ts';
import { root } from '../infra/rules.ts';
import { stream } from '../cli/support/stream.ts';

const page = readFileSync(`${root}docs/scaling.md`, 'utf8');
const measured = readFileSync(`${root}docs/performance.md`, 'utf8');

const plan = async (...args: readonly string[]) =>
  JSON.parse(await stream('plan', ...args, '--json')) as { load: Load; plans: StreamPlan[] };

test('the plan on the page is what the command prints', async () => {
  const [, args, output] = /```console\n\$ npx banyan stream (.+)\n([\s\S]+?)```/.exec(page)!;
  expect(output).toBe(await stream(...args!.split(' ')));
});

test("the page's defaults are the command's", async () => {
  const { load } = await plan('--rate', '1', '--size', '1KiB');
  const defaults = [...page.matchAll(/^\| `--([a-z-]+)` +\|.*\| ([\d.,]+)(?: ms)? +\|$/gm)];
  expect(
    Object.fromEntries(defaults.map(([, name, value]) => [name, Number(value!.replace(',', ''))])),
  ).toEqual({
    keys: load.keys,
    'round-trip': load.roundTrip,
    consumers: load.consumers,
    use: load.use,
  });
});

test('what an event costs is what the benchmarks of the other page found', () => {
  const [, ofDatabase] = /^\| the database, for the relay.*\| (\d+) µs/m.exec(page)!;
  expect(measured).toContain(`some ${ofDatabase} µs an event in the database`);
  expect(measured).toContain(`${relayMicroseconds()} in the relay`);
});

const relayMicroseconds = () => Number(/^\| a relay: .*\| (\d+) µs/m.exec(page)![1]);

test('from 10² to 10⁵ events a second: each row is what the command and the formulas of the page say', async () => {
  const rows = [...page.matchAll(/^\| (10{2,5}|\d+,000) .*\|$/gm)].map(([row]) =>
    row
      .split('|')
      .slice(1, -1)
      .map((cell) => Number(/^\d{1,3}(,\d{3})*/.exec(cell.trim())![0].replaceAll(',', ''))),
  );
  expect(rows.map(([rate]) => rate)).toEqual([100, 1_000, 10_000, 100_000]);
  for (const [
    rate,
    shards,
    provisioned,
    onDemand,
    streams,
    databases,
    buckets,
    relays,
  ] of rows as number[][]) {
    const { plans } = await plan('--rate', String(rate), '--size', '1KiB', '--keys', '10000');
    const [first, second] = plans as [StreamPlan, StreamPlan];
    expect([first.shards, Math.round(first.monthly), Math.round(second.monthly)]).toEqual([
      shards,
      provisioned,
      onDemand,
    ]);
    expect(
      [...first.notes, ...second.notes].filter((note) => !note.includes('raise the load in steps')),
    ).toEqual([]);
    expect(streams).toBe(1);
    expect(databases).toBe(Math.ceil(rate! / 10_000));
    expect(buckets).toBe(64 * databases!);
    const atEach = Math.ceil(((rate! / databases!) * relayMicroseconds()) / 1_000_000 / 0.6) + 1;
    expect(relays).toBe(atEach * databases!);
  }
});
