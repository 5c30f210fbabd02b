import type { ChaosReport } from './run.ts';

/** Whether the run proves that all is well. */
export const isProof = ({ violations, stuck, void: why }: ChaosReport): boolean =>
  violations.length === 0 && why.length === 0 && stuck === 0;

/** What a run found, for reading. */
export function told(report: ChaosReport): string {
  const { lag, deeds } = report;
  const facts: readonly (readonly [string, string | number])[] = [
    ['database', report.database],
    ['seed', report.seed],
    ['minutes', report.minutes],
    ['events committed', report.committed],
    ['records in the stream', report.records],
    ['events a second', report.rate],
    ['lost', report.lost.length],
    ['reordered first deliveries', report.reordered.length],
    ['aborted writes seen', report.aborted.length],
    ['in a record of another key', report.strayed.length],
    [
      'lag understated',
      `${lag.understated.length} of ${lag.held} readings that an event was held against, of ${lag.readings}`,
    ],
    ['duplicates', report.duplicates],
    ['of which late records of a former owner', report.late],
    ['of which nobody saw who sent them', report.unseen],
    ['late records beyond one per key and hand-over', report.beyond.length],
    ['hand-overs', `${report.handOvers} at ${report.takeOvers} times`],
    ['partial failures', report.partialFailures],
    ['lost answers', report.lostAnswers],
    [
      'deeds',
      Object.entries(deeds)
        .map(([kind, count]) => `${kind} ${count}`)
        .join(', '),
    ],
    ['drained after', `${report.drainedAfter} ms`],
  ];
  const lines = facts.map(([what, found]) => `${what.padEnd(45)} ${found}`);
  if (report.stuck > 0) lines.push(`STUCK: ${report.stuck} events stay pending`);
  for (const violation of report.violations) lines.push(`VIOLATION: ${violation}`);
  for (const why of report.void) lines.push(`VOID: ${why}`);
  if (!isProof(report)) lines.push(`Replay: ${replay(report)}`);
  return lines.join('\n');
}

/** The command that does the same again. What a URL has of a password stays out. */
function replay({ minutes, seed, asked: { rate, database, without } }: ChaosReport): string {
  const shown = database.replace(/(:\/\/[^:@/]*:)[^@/]*@/, '$1…@');
  return `npm run chaos -- --minutes ${minutes} --seed ${seed} --rate ${rate} --database ${shown}${without === undefined ? '' : ` --without ${without}`}`;
}

/** The same for a machine: the first 100 of each kind of finding. */
export function asJson(report: ChaosReport): string {
  const cut = (key: string, value: unknown) =>
    Array.isArray(value) && key !== '' ? value.slice(0, 100) : value;
  return JSON.stringify(report, cut, 2);
}
