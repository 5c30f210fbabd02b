import { expect, test } from 'vitest';
import { openLane } from './lane.ts';
import { fixturesOf, withHost, type Fixture } from './llhttp-fixtures.ts';
import { REQUESTS, RESPONSES } from './llhttp-known-failures.ts';
import { judgeRequest, WAYS } from './llhttp-requests.ts';
import { ENDS, judgeResponse } from './llhttp-responses.ts';
import { allOf, holdSection, type KnownFailures } from './page.ts';

const lane = openLane();
const requests = fixturesOf('request');
const responses = fixturesOf('response');
// The fixtures lie beside the project and not in it; where they are not, nothing is claimed of them.
const there = test.skipIf(requests.length === 0);

/** How often a file's fixtures were run, and what did not pass, by the run's name. */
interface Run {
  readonly file: string;
  readonly name: string;
  readonly saw: string | undefined;
}

there('each fixture is read as llhttp reads it: what its log quotes stands where the log says', () => {
  const all = [...requests, ...responses];
  expect(all.length).toBeGreaterThan(200);
  for (const { name, bytes, quoted } of all)
    for (const { at, length, text } of quoted) {
      const piece = Buffer.from(bytes.slice(at, at + length), 'latin1').toString('utf8');
      expect({ name, piece }).toEqual({
        name,
        piece: text.replaceAll('\\t', '\t').replaceAll('\\f', '\f'),
      });
    }
});

there(
  'llhttp’s requests reach the origin whole and one for one, or not at all: alone, behind and inside another',
  async () => {
    const runs: Run[] = [];
    const run = async (fixture: Fixture, way: (typeof WAYS)[number], suffix = '') => {
      const { file, name } = fixture;
      runs.push({ file, name: `${name} [${way}${suffix}]`, saw: await judgeRequest(lane, fixture, way) });
    };
    for (const fixture of requests) {
      for (const way of WAYS) await run(fixture, way);
      const complete = withHost(fixture);
      if (complete) for (const way of ['alone', 'behind'] as const) await run(complete, way, ', with Host');
    }
    hold('requests', requests, runs, REQUESTS);
  },
);

there(
  'llhttp’s responses reach the client as what they are, or as 502 or half an answer, and nobody else',
  async () => {
    const runs: Run[] = [];
    for (const fixture of responses)
      for (const end of ENDS) {
        const { file, name } = fixture;
        runs.push({ file, name: `${name} [${end}]`, saw: await judgeResponse(lane, fixture, end) });
      }
    hold('responses', responses, runs, RESPONSES);
  },
);

/** A run that fails without a reason, or passes though it is known to fail, breaks the test; so does another count. */
function hold(
  kind: string,
  fixtures: readonly Fixture[],
  runs: readonly Run[],
  known: readonly KnownFailures[],
): void {
  const failed = runs.filter(({ saw }) => saw !== undefined);
  expect(Object.fromEntries(failed.map(({ name, saw }) => [name, saw]))).toEqual(allOf(known));
  const rows = [...new Set(fixtures.map(({ file }) => file)), ''].map((file) => {
    const of = (list: readonly { file: string }[]) =>
      list.filter((one) => file === '' || one.file === file).length;
    const cells = [of(fixtures), of(runs), of(runs) - of(failed), of(failed)];
    return `| ${file === '' ? 'all' : `\`${file}\``} | ${cells.join(' | ')} |`;
  });
  const reasons = known.flatMap(({ why, saw }) => ['', why, '', ...namesOf(Object.keys(saw))]);
  holdSection(`llhttp ${kind}`, [
    '| file | fixtures | runs | passed | failed |',
    '| --- | --- | --- | --- | --- |',
    ...rows,
    ...reasons,
  ]);
}

/** `- file.md: Title (alone; behind)` */
function namesOf(runs: readonly string[]): string[] {
  const ways = Map.groupBy(runs, (run) => run.slice(0, run.lastIndexOf(' [')));
  return [...ways].map(
    ([name, all]) => `- ${name} (${all.map((run) => run.slice(run.lastIndexOf('[') + 1, -1)).join('; ')})`,
  );
}
