// `npm run demo`: a shop monolith loses its inventory reads to an extracted service, and nobody notices. See HELP.
import { parseArgs } from 'node:util';
import { openBelongings } from './belongings.ts';
import { SLOW, tellOwnWrites } from './own-writes/story.ts';
import { PRODUCTS } from './shop/seed.ts';
import { temporaryFolder } from './servers/temporary-folder.ts';
import { startShoppers } from './shoppers/start-shoppers.ts';
import { startSystem, type System } from './start-system.ts';
import { introduce, invite } from './story/introduce.ts';
import { liveLine } from './story/live-line.ts';
import { filled, lastPosition } from './story/records.ts';
import { openPages, steppedIn, tell } from './story/tell.ts';
import { verify } from './story/verify.ts';
import { openTerminal } from './terminal.ts';

/** Shoppers who come again and again. */
const REGULARS = 320;
const HELP = `npm run demo -- [options]

  --once                 play the story quickly, check it, and exit
  --rate <visits>        visits a second; 30, with --once 70
  --pace <seconds>       that a stage takes at least; 12, with --once 3
  --cohorts <visitors>   that a stage must have seen; 300
  --own-writes           instead: a consumer that is 2 s late and two gateways, and sessions that each write through one and
                         read through both at once. Checks that none reads what its own write has made old, and exits
  --sessions <number>    of them; 10000
  --help                 this
`;
const { once, ...options } = parseArgs({
  options: {
    once: { type: 'boolean', default: false },
    rate: { type: 'string' },
    pace: { type: 'string' },
    cohorts: { type: 'string', default: '300' },
    'own-writes': { type: 'boolean', default: false },
    sessions: { type: 'string' },
    help: { type: 'boolean', default: false },
  },
}).values;
const rate = Number(options.rate ?? (once ? 70 : 30));
const pace = Number(options.pace ?? (once ? 3 : 12)) * 1_000;
const cohorts = Number(options.cohorts);
const ownWrites = options['own-writes'];
const sessions = Number(options.sessions ?? 10_000);
if (options.help) {
  process.stdout.write(HELP);
  process.exit(0);
}
const mistakes = [
  rate > 0 ? [] : [`--rate ${options.rate}: required is a number above 0`],
  pace >= 0 ? [] : [`--pace ${options.pace}: required is a number, 0 or above`],
  cohorts >= 1 && cohorts <= REGULARS
    ? []
    : [`--cohorts ${options.cohorts}: required is a number from 1 to ${REGULARS}`],
  Number.isInteger(sessions) && sessions > 0
    ? []
    : [`--sessions ${options.sessions}: required is a whole number above 0`],
  options.sessions === undefined || ownWrites ? [] : ['--sessions is of --own-writes; give both'],
].flat();
if (mistakes.length > 0) {
  process.stderr.write(`${mistakes.join('\n')}\n`);
  process.exit(2);
}

const stopping = new AbortController();
const { signal } = stopping;
let lost: Error | undefined;
const onLoss = (why: Error) => {
  if (signal.aborted) return;
  lost = why;
  stopping.abort(why);
};

const terminal = openTerminal();
const belongings = openBelongings();
const folder = await belongings.own('folder', temporaryFolder('banyan-'), (made) => made.remove());
for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.on(name, () => {
    if (!signal.aborted) return stopping.abort(new Error(`stopped by ${name}`));
    // The second one doesn't wait: what was started is cleared away behind us (servers/when-we-die.ts).
    process.exit(130);
  });
}
process.on('uncaughtException', onLoss);
// Whatever the servers put into a temporary folder lies in this one, and goes with it.
process.env['TMPDIR'] = folder.path;

let problems: readonly string[] = [];
let closing = '';
try {
  const system = await startSystem({
    folder: folder.path,
    env: process.env,
    belongings,
    terminal,
    signal,
    onLoss,
    slow: ownWrites ? SLOW : undefined,
  });
  await filled(system.inventory, PRODUCTS.length * 2, signal);
  if (ownWrites) {
    const verdict = await tellOwnWrites({ system, terminal, signal, sessions });
    problems = verdict.violations;
    closing = verdict.line;
  } else await tellTheMove(system);
} catch (error) {
  if (!signal.aborted) problems = [error instanceof Error ? (error.stack ?? error.message) : String(error)];
}
const finishes = once || ownWrites;
const interrupted = signal.aborted && !lost;
if (interrupted && !finishes) terminal.say('\nstopping everything …');
stopping.abort();
const left = await belongings.release();
problems = [
  ...problems,
  ...(lost ? [lost.message] : []),
  ...left.map((what) => `could not be put away: ${what}`),
];

if (problems.length > 0) {
  terminal.say();
  for (const problem of problems.slice(0, 40)) terminal.say(`violation: ${problem}`);
  if (problems.length > 40) terminal.say(`… and ${problems.length - 40} more`);
  terminal.say(
    `demo failed: ${problems.length} ${problems.length === 1 ? 'violation' : 'violations'}${closing ? `; ${closing}` : ''}`,
  );
  process.exitCode = 1;
} else if (finishes && !interrupted) {
  terminal.say(`\ndemo ok: ${closing}`);
} else {
  terminal.say('stopped; nothing is left behind');
  if (finishes) process.exitCode = 130;
}

async function tellTheMove(system: System): Promise<void> {
  const position = await lastPosition(system.inventory);
  introduce(terminal, system);
  const shoppers = startShoppers({ url: system.urls.gateway, rate, regulars: REGULARS });
  await belongings.own('shoppers', Promise.resolve(shoppers), () => shoppers.stop());
  const line = liveLine(terminal, shoppers.tally, system.inventory, signal);
  await belongings.own('live line', Promise.resolve(), () => line);
  const stages = await tell({ system, shoppers, terminal, signal, pace, cohorts });
  if (!once) {
    invite(terminal, system);
    await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
  } else {
    await shoppers.stop();
    terminal.say(`\n${openPages(shoppers.watched)}`);
    const fallbacks = steppedIn(shoppers.tally);
    if (fallbacks) terminal.say(fallbacks);
    const verdict = await verify(system, shoppers, stages, { position, cohorts });
    problems = verdict.violations;
    closing = verdict.line;
  }
}
