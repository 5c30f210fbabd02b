// Sakila through the whole chain: npm run real -- <folder> [--database mysql://root@host:port]
import { parseArgs } from 'node:util';
import { shutdownSignal } from '../../runtime/shutdown.ts';
import { startKinesis } from '../servers/kinesis.ts';
import { openServers } from '../servers/open-servers.ts';
import { openTerminal } from '../terminal.ts';
import { closingTable, progressLine } from './report.ts';
import { runReal } from './run-real.ts';

const USAGE =
  'usage: npm run real -- <folder with sakila-schema.sql and sakila-data.sql> [--customers 599] [--database mysql://root@host:port]';

/** More differences than this are counted, not listed. */
const LISTED = 20;

async function main(): Promise<number> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { database: { type: 'string' }, customers: { type: 'string', default: '599' } },
  });
  const [folder] = positionals;
  const customers = Number(values.customers);
  if (folder === undefined || positionals.length > 1 || !(customers >= 1)) {
    if (!(customers >= 1))
      process.stderr.write(`--customers ${values.customers}: required is a number above 0\n`);
    process.stderr.write(`${USAGE}\n`);
    return 2;
  }
  const signal = shutdownSignal();
  const terminal = openTerminal();
  const servers = await openServers({
    env: { ...process.env, ...(values.database && { BANYAN_DATABASE_URL: values.database }) },
    say: terminal.say,
  });
  const kinesis = await startKinesis();
  try {
    const { differences, figures } = await runReal({
      folder,
      customers,
      server: servers.database.url,
      redis: servers.redis.url,
      kinesis: kinesis.url,
      signal,
      onPhase: (text) => terminal.say(text),
      onProgress: (progress) => terminal.live(progressLine(progress)),
    });
    terminal.live('');
    terminal.say(`\n${closingTable(figures)}\n`);
    for (const difference of differences.slice(0, LISTED)) terminal.say(`  ${difference}`);
    if (differences.length > LISTED) terminal.say(`  and ${differences.length - LISTED} more`);
    terminal.say(
      differences.length === 0
        ? `real ok: the rebuilt totals equal Sakila's for each of ${figures.customers} customers, and each customer's order is intact`
        : `real failed: ${differences.length} differences`,
    );
    return differences.length === 0 ? 0 : 1;
  } finally {
    await Promise.all([servers.stop(), kinesis.stop()]);
  }
}

try {
  process.exitCode = await main();
} catch (error) {
  process.stderr.write(`real: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}
