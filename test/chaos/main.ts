// Everything goes wrong at once, and a checker compares the stream with what the writers wrote down (docs/chaos.md):
// `npm run chaos -- --minutes 15 [--seed 1] [--database mariadb|mysql|/path/to/mysqld|mysql://…] [--rate 800] [--json]`; or each rule of the
// protocol is switched off once: `npm run chaos -- --rules`
import { parseArgs } from 'node:util';
import { NoServer } from './chaos-database.ts';
import { asJson, isProof, told } from './report.ts';
import { playRules } from './rules/play-rules.ts';
import { RULES_OFF } from './rules/rules-off.ts';
import { rulesHold, rulesTable } from './rules/rules-table.ts';
import { runChaos } from './run.ts';

const USAGE = `npm run chaos -- --minutes <number> [options]
npm run chaos -- --rules [--database <which>] [--json]

  --minutes <number>   how long writers write and things go wrong; draining and reading come on top
  --seed <number>      which things go wrong when (default: drawn, and told)
  --database <which>   mariadb (default) or mysql: a private server of the first such program in PATH or the usual
                       folders; the path of a mariadbd or mysqld: of that one; or the URL of a server
  --rate <number>      events a second (default 800)
  --without <number>   with this rule of the protocol (1 to 6) off in the relays: to see what is found then
  --rules              switches each rule of the protocol off once, and prints what breaks how soon
  --json               the report as JSON on stdout

Exit codes: 0 nothing lost, reordered, aborted or understated, and enough went wrong (with --rules: each rule's harm was
found without it, and none with it); 1 not so; 2 called wrongly, or no such server is here.`;

function asked() {
  const { values } = parseArgs({
    options: {
      minutes: { type: 'string' },
      seed: { type: 'string', default: String(Date.now() % 2 ** 31) },
      database: { type: 'string', default: 'mariadb' },
      rate: { type: 'string', default: '800' },
      without: { type: 'string' },
      rules: { type: 'boolean', default: false },
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  const [minutes, seed, rate] = [values.minutes, values.seed, values.rate].map(Number) as [
    number,
    number,
    number,
  ];
  const { database } = values;
  const mistakes = [
    !values.help &&
      !values.rules &&
      !(minutes > 0) &&
      `--minutes is ${values.minutes ?? 'not given'}, it must be a number above 0`,
    !Number.isSafeInteger(seed) && `--seed is ${values.seed}, it must be a whole number`,
    !(rate > 0) && `--rate is ${values.rate}, it must be a number above 0`,
    values.without !== undefined &&
      !RULES_OFF.some(({ rule }) => String(rule) === values.without) &&
      `--without is ${values.without}, it must be a number from 1 to ${RULES_OFF.length}`,
    !/^(mariadb|mysql|\/.+|(mysql|mariadb):\/\/.+)$/.test(database) &&
      `--database is ${database}, it must be mariadb, mysql, the path of a server's program or the URL of a server`,
  ].filter((mistake) => mistake !== false);
  if (mistakes.length > 0) throw new TypeError(mistakes.join('\n'));
  const without = values.without === undefined ? undefined : Number(values.without);
  return { ...values, without, minutes, seed, rate, database: database.replace(/^mariadb:\/\//, 'mysql://') };
}

let options: ReturnType<typeof asked>;
try {
  options = asked();
} catch (error) {
  process.stderr.write(`${(error as Error).message}\n\n${USAGE}\n`);
  process.exit(2);
}
if (options.help) {
  process.stdout.write(`${USAGE}\n`);
  process.exit(0);
}
const startedAt = Date.now();
const say = (line: string) =>
  process.stderr.write(`${String(Math.round((Date.now() - startedAt) / 1_000)).padStart(4)} s  ${line}\n`);

/** Whether all is well. */
async function run(): Promise<boolean> {
  if (options.rules) {
    const played = await playRules(options.database, say);
    process.stdout.write(`${options.json ? JSON.stringify(played, null, 2) : rulesTable(played)}\n`);
    return rulesHold(played);
  }
  const report = await runChaos({ ...options, say });
  process.stdout.write(`${options.json ? asJson(report) : told(report)}\n`);
  return isProof(report);
}

try {
  process.exitCode = (await run()) ? 0 : 1;
} catch (error) {
  if (!(error instanceof NoServer)) throw error;
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 2;
}
