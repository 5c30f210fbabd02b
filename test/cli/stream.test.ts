import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { CommanderError } from 'commander';
import { openProgram } from '../../cli/program.ts';
import { UsageError } from '../../cli/usage-error.ts';
import { stream } from './support/stream.ts';

test('the four ways of carrying a load, with what they cost', async () => {
  const text = await stream('plan', '--rate', '5000', '--size', '1.2KiB');
  expect(text).toMatch(/^mode +packing +events\/record +records\/s +MiB\/s +shards +USD\/month$/m);
  expect(text).toMatch(/^provisioned +none +1\.0 +5000 +5\.86 +8 +271\.5\d$/m);
  expect(text).toMatch(/^on-demand +same-key +1\.0 +/m);
  expect(text).toContain(
    'prices of us-east-1, 2025-11 (https://aws.amazon.com/kinesis/data-streams/pricing/)',
  );
});

test('prices can be replaced by a file; one with mistakes is refused with them', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'banyan-prices-'));
  const file = join(folder, 'prices.yaml');
  const prices = JSON.parse(await stream('prices'));
  writeFileSync(
    file,
    JSON.stringify({ ...prices, currency: 'EUR', provisioned: { shardHour: 1, millionPutUnits: 0 } }),
  );
  const { plans } = JSON.parse(
    await stream('plan', '--rate', '100', '--size', '300B', '--prices', file, '--json'),
  );
  expect(plans[0]).toMatchObject({ mode: 'provisioned', shards: 1, monthly: 730 });
  writeFileSync(file, 'region: 7\n');
  const refused = stream('plan', '--rate', '100', '--size', '300B', '--prices', file);
  await expect(refused).rejects.toThrow(UsageError);
  await expect(refused).rejects.toThrow(/region[\s\S]*provisioned[\s\S]*banyan stream prices/);
  rmSync(folder, { recursive: true });
});

test.each([
  [['plan', '--rate', '5000']],
  [['plan', '--rate', '0', '--size', '1KiB']],
  [['plan', '--rate', '1', '--size', '1']],
  [['plan', '--rate', '1', '--size', '1KiB', '--use', '2']],
])('called wrongly it says so: %j', async (args) => {
  const program = await openProgram(['stream']);
  program.commands.forEach((one) =>
    one
      .configureOutput({ writeErr() {} })
      .commands.forEach((inner) => inner.configureOutput({ writeErr() {} })),
  );
  await expect(program.parseAsync(['stream', ...args], { from: 'user' })).rejects.toThrow(CommanderError);
});
