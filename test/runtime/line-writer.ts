import { openLineLog } from '../../runtime/line-log.ts';

// Writes so many lines on stdout; then, by its second argument, is asked to end, dies of a fault, or says on stderr how
// late its event loop was meanwhile and how many lines were lost.
const [count, how] = process.argv.slice(2);
const log = openLineLog('test');
let last = performance.now();
let latest = 0;
for (let index = 0; index < Number(count); index += 1) {
  log.write({ index, text: 'x'.repeat(200) });
  if (index % 1_000 > 0) continue;
  await new Promise((resolve) => setImmediate(resolve));
  latest = Math.max(latest, performance.now() - last);
  last = performance.now();
}
if (how === 'fault') throw new Error('a fault');
if (how === 'close') {
  await log.close();
} else {
  process.stderr.write(`${JSON.stringify({ latest, lost: log.lost() })}\n`);
  setInterval(() => {}, 1_000);
}
