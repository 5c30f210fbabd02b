import { globSync, readFileSync } from 'node:fs';
import { CommanderError, type Command } from 'commander';
import { expect, test } from 'vitest';
import { openProgram } from '../../cli/program.ts';
import { alertNames, alerts, root } from '../infra/rules.ts';

const pages = globSync('docs/handbook/Banyan*.md', { cwd: root }).toSorted();
const read = (page: string) => readFileSync(`${root}${page}`, 'utf8');
const nameOf = (page: string) => page.slice('docs/handbook/'.length, -'.md'.length);
const index = read('docs/handbook/README.md');

test('every alert has a page, and every page an alert', () => {
  expect(pages.map(nameOf)).toEqual(alertNames.toSorted());
});

test('the index names every page, with the severities of its alert', () => {
  const rows = [...index.matchAll(/^\| \[(\w+)\]\((\w+)\.md\) +\| ([a-z, ]+?) +\|/gm)];
  expect(rows.map(([, name]) => name)).toEqual(alertNames);
  for (const [, name, target, severities] of rows) {
    expect(target).toBe(name);
    expect(severities, name).toBe(severitiesOf(name!).join(', '));
  }
});

test.each(pages)('%s says all that is asked at night, in that order', (page) => {
  const text = read(page);
  expect(text.match(/^# .*$/gm)).toEqual([`# ${nameOf(page)}`]);
  expect(text.match(/^## .*$/gm)).toEqual([
    '## What it means',
    '## What users feel',
    '## How to look',
    '## Likely causes',
    '## How to go back',
    '## How to know that it is over',
    '## How to prevent it',
  ]);
  for (const section of text.split(/^## .*$/m).slice(1)) expect(section.trim().length).toBeGreaterThan(5);
  const [, severities] = /^Severity: (.*?)\. /m.exec(text)!;
  expect(severities!.replaceAll('`', '')).toBe(severitiesOf(nameOf(page)).join(', '));
});

const command = (written: string) => ({ written, prose: false });
const commands = [
  ...[...pages, 'docs/handbook/README.md', 'docs/observing.md'].flatMap((page) => {
    const text = read(page);
    const blocks = [...text.matchAll(/^```sh\n([\s\S]*?)^```/gm)].flatMap(([, block]) =>
      block!.trim().split('\n'),
    );
    const inProse = [...text.replaceAll(/^```[\s\S]*?^```/gm, '').matchAll(/`(banyan [^`]+)`/g)];
    return [...blocks.map(command), ...inProse.map(([, written]) => ({ written: written!, prose: true }))];
  }),
  ...alerts.map(({ annotations }) =>
    command(annotations!['command']!.replaceAll(/\{\{ \$labels\.\w+ \}\}/g, 'inventory')),
  ),
];
const ours = commands.filter(({ written }) => /^(npx )?banyan /.test(written));

test('every command is one that there is, with its arguments and options', async () => {
  expect(ours.length).toBeGreaterThan(150);
  const program = await openProgram(['--help']);
  harmless(program);
  const seen = new Map<string, unknown>();
  for (const { written, prose } of ours) {
    const args = words(written.replace(/ [>|] .*$/, '')).filter((word) => word !== 'npx');
    const error = await program.parseAsync(args.slice(1), { from: 'user' }).then(
      () => undefined,
      (thrown: unknown) => thrown,
    );
    // Prose may speak of a command without its arguments and the options that it wants.
    if (
      prose &&
      error instanceof CommanderError &&
      /^commander\.missing(Argument|MandatoryOptionValue)$/.test(error.code)
    )
      continue;
    if (error !== undefined) seen.set(written, (error as Error).message);
  }
  expect([...seen]).toEqual([]);
});

test('what is no command of Banyan is curl, and asks an ops port for a page', () => {
  const others = commands.filter(({ written }) => !/^(npx )?banyan /.test(written));
  expect(others.length).toBeGreaterThan(30);
  for (const { written } of others)
    expect(written).toMatch(
      /^curl -s http:\/\/[\w.:]+\/(healthz|readyz|metrics|upstreams|shadow)( \| grep .+)?$/,
    );
});

test('a command that there is not, or an option, does not pass', async () => {
  const program = await openProgram(['--help']);
  harmless(program);
  for (const written of [
    'banyan undo inventory',
    'banyan lag --fast',
    'banyan context set inventory x',
    'banyan context',
  ])
    await expect(program.parseAsync(words(written).slice(1), { from: 'user' }), written).rejects.toThrow(
      CommanderError,
    );
});

function severitiesOf(name: string): string[] {
  return alerts.filter(({ alert }) => alert === name).map(({ labels }) => labels!['severity']!);
}

/** Nothing is run, printed or exited from. */
function harmless(one: Command): void {
  one.exitOverride().configureOutput({ writeOut() {}, writeErr() {} });
  // One that has commands of its own may do something without them, too.
  const acts = Reflect.get(one, '_actionHandler') !== null;
  if (one.commands.length === 0 || acts) one.action(() => {});
  for (const inner of one.commands) harmless(inner);
}

/** As a shell splits them; quotes hold words together. */
function words(line: string): string[] {
  return [...line.matchAll(/'([^']*)'|"([^"]*)"|(\S+)/g)].map(([, one, two, three]) => one ?? two ?? three!);
}
