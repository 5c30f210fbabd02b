import { afterEach, describe, expect, test } from 'vitest';
import { CASES_6455 } from './cases-6455.ts';
import { CASES_9110 } from './cases-9110.ts';
import { CASES_9112 } from './cases-9112.ts';
import { KNOWN } from './clauses-known-failures.ts';
import { openLane } from './lane.ts';
import { allOf, holdSection } from './page.ts';
import { SECTIONS } from './sections.ts';

const lane = openLane();
afterEach(() => lane.forget());

const RFCS = [
  ['RFC 9110', CASES_9110],
  ['RFC 9112', CASES_9112],
  ['RFC 6455', CASES_6455],
] as const;
const known = allOf(KNOWN);
const nameOf = (rfc: string, { section, what }: { section: string; what: string }) =>
  `${rfc} §${section}: ${what}`;

describe.each(RFCS)('%s', (rfc, cases) => {
  test.each(cases.map((one) => [nameOf(rfc, one), one] as const))('%s', async (name, { run }) => {
    if (!(name in known)) return run(lane);
    await expect(run(lane), 'it is known to fail, and passes').rejects.toThrow();
  });
});

/** As the RFC has them: 3 before 3.2.1, 9.3 before 10.1. */
function inOrder([one]: [string, string], [other]: [string, string]): number {
  return one.localeCompare(other, 'en', { numeric: true });
}

// What fails without being known breaks its own test: so these are the run's numbers.
test('docs/conformance.md has the number of cases of each clause, and why those fail that do', () => {
  const all = RFCS.flatMap(([rfc, cases]) => cases.map((one) => ({ rfc, ...one, name: nameOf(rfc, one) })));
  expect(new Set(all.map(({ name }) => name)).size).toBe(all.length);
  expect(Object.keys(known).filter((name) => !all.some((one) => one.name === name))).toEqual([]);
  const row = (title: string, of: readonly { name: string }[]) => {
    const failed = of.filter(({ name }) => name in known).length;
    return `| ${title} | ${of.length} | ${of.length - failed} | ${failed} |`;
  };
  const lines = ['| clause | cases | passed | failed |', '| --- | --- | --- | --- |'];
  for (const [rfc, titles] of Object.entries(SECTIONS))
    for (const [section, title] of Object.entries(titles).toSorted(inOrder))
      lines.push(
        row(
          `${rfc} §${section} ${title}`,
          all.filter((one) => one.rfc === rfc && one.section === section),
        ),
      );
  lines.push(row('all', all));
  expect(all.filter(({ rfc, section }) => SECTIONS[rfc]![section] === undefined)).toEqual([]);
  for (const { why, saw } of KNOWN)
    lines.push('', why, '', ...Object.entries(saw).map(([name, got]) => `- ${name} (${got})`));
  holdSection('clauses', lines);
});
