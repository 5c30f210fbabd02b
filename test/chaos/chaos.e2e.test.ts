import { expect, test } from 'vitest';
import { databaseOfTheRun } from './database-of-the-run.ts';
import { told } from './report.ts';
import { runChaos } from './run.ts';

/** What has to happen happens in less than half of it; a busy machine gets more time; `npm run chaos` takes as long as it is told. */
const [MINUTES, AT_MOST] = [3, 5];

test(
  'nothing is lost, reordered, made up or understated while everything goes wrong at once',
  { retry: 0 },
  async () => {
    const seed = Date.now() % 2 ** 31;
    const report = await runChaos({
      minutes: MINUTES,
      atMost: AT_MOST,
      seed,
      database: await databaseOfTheRun(),
      rate: 100,
      say: (line) => void process.stderr.write(`chaos: ${line}\n`),
    });
    process.stdout.write(`${told(report)}\n`);
    expect(report, told(report)).toMatchObject({ violations: [], void: [], stuck: 0 });
    expect(report.committed).toBeGreaterThan(10_000);
  },
);
