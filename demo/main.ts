// `npm run demo`: a shop monolith loses its inventory reads to an extracted service, and nobody notices.
// `--once` plays the story quickly, checks it, and exits. `--rate <visits a second>`; `--pace <seconds>` and
// `--cohorts <visitors>` that a stage takes at least.
import { parseArgs } from 'node:util';
import { openBelongings } from './belongings.ts';
import { PRODUCTS } from './shop/seed.ts';
import { temporaryFolder } from './servers/temporary-folder.ts';
import { startShoppers } from './shoppers/start-shoppers.ts';
import { startSystem } from './start-system.ts';
import { introduce, invite } from './story/introduce.ts';
import { liveLine } from './story/live-line.ts';
import { filled, lastPosition } from './story/records.ts';
import { tell } from './story/tell.ts';
import { verify } from './story/verify.ts';
import { openTerminal } from './terminal.ts';

/** Shoppers who come again and again. */
const REGULARS = 320;
const { once, ...options } = parseArgs({
  options: {
    once: { type: 'boolean', default: false },
    rate: { type: 'string' },
    pace: { type: 'string' },
    cohorts: { type: 'string', default: '300' },
  },
}).values;
const rate = Number(options.rate ?? (once ? 70 : 30));
const pace = Number(options.pace ?? (once ? 3 : 12)) * 1_000;
const cohorts = Number(options.cohorts);
const mistakes = [
  rate > 0 ? [] : [`--rate ${options.rate}: required is a number above 0`],
  pace >= 0 ? [] : [`--pace ${options.pace}: required is a number, 0 or above`],
  cohorts >= 1 && cohorts <= REGULARS
    ? []
    : [`--cohorts ${options.cohorts}: required is a number from 1 to ${REGULARS}`],
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
  });
  await filled(system.inventory, PRODUCTS.length * 2, signal);
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
    const verdict = await verify(system, shoppers, stages, { position, cohorts });
    problems = verdict.violations;
    closing = verdict.line;
  }
} catch (error) {
  if (!signal.aborted) problems = [error instanceof Error ? (error.stack ?? error.message) : String(error)];
}
const interrupted = signal.aborted && !lost;
if (interrupted && !once) terminal.say('\nstopping everything …');
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
} else if (once && !interrupted) {
  terminal.say(`\ndemo ok: ${closing}`);
} else {
  terminal.say('stopped; nothing is left behind');
  if (once) process.exitCode = 130;
}
