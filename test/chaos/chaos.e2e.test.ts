import { expect, inject, test } from 'vitest';
import { findProgram, versionOf } from './chaos-database.ts';
import { told } from './report.ts';
import { runChaos } from './run.ts';

/** What has to happen happens in less than half of it; a busy machine gets more time; `npm run chaos` takes as long as it is told. */
const [MINUTES, AT_MOST] = [3, 5];

/** A private server of the kind that the run has, so that it can be restarted; else the run's own. */
async function databaseOfTheRun(): Promise<string> {
  const given = inject('databaseServer');
  const kind = (await versionOf(given)).includes('MariaDB') ? 'mariadb' : 'mysql';
  return (await findProgram(kind)) ? kind : given;
}

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
