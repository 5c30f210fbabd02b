import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { alertNames, root, RULE_FILES, type Rule } from '../infra/rules.ts';
import { banyan } from './support/banyan.ts';

test.each([
  [['rules', 'gateway'], RULE_FILES[0]!],
  [['rules', 'events'], RULE_FILES[1]!],
  [['dashboard'], `${root}infra/grafana/banyan.json`],
  [['handbook'], `${root}docs/handbook/README.md`],
  [['handbook', 'BanyanOutboxLagHigh'], `${root}docs/handbook/BanyanOutboxLagHigh.md`],
  [['handbook', 'outboxlaghigh'], `${root}docs/handbook/BanyanOutboxLagHigh.md`],
])('observe %j prints what comes with the package, and needs no configuration', async (args, file) => {
  expect(await banyan(['observe', ...args])).toEqual({
    exitCode: 0,
    stdout: readFileSync(file, 'utf8'),
    stderr: '',
  });
});

test.each(['https://wiki.example/banyan', 'https://wiki.example/banyan/'])(
  'alerts link to where the handbook is published: %s',
  async (url) => {
    const { stdout } = await banyan(['observe', 'rules', 'events', '--handbook', url]);
    const { groups } = parse(stdout) as { groups: { rules: Rule[] }[] };
    for (const { alert, annotations } of groups.flatMap(({ rules }) => rules))
      expect(annotations!['runbook_url']).toBe(`https://wiki.example/banyan/${alert}.md`);
  },
);

test('a dashboard for provisioning has its data source, and asks for none', async () => {
  const { stdout } = await banyan(['observe', 'dashboard', '--datasource', 'prom-1']);
  expect(stdout).not.toContain('DS_PROMETHEUS');
  const { panels } = JSON.parse(stdout) as { panels: { type: string; datasource?: object }[] };
  for (const { type, datasource } of panels)
    if (type !== 'row') expect(datasource).toEqual({ type: 'prometheus', uid: 'prom-1' });
  expect(await banyan(['observe', 'dashboard', '--datasource', 'a b'])).toMatchObject({
    exitCode: 2,
    stderr: expect.stringContaining('required is the uid of a data source'),
  });
});

test('what there is not is refused, with what there is', async () => {
  const page = await banyan(['observe', 'handbook', 'Nonsense']);
  expect(page.exitCode).toBe(2);
  for (const name of alertNames) expect(page.stderr).toContain(name);
  expect(await banyan(['observe', 'rules', 'other'])).toMatchObject({
    exitCode: 2,
    stderr: expect.stringContaining('Allowed choices are gateway, events'),
  });
  expect(await banyan(['observe', 'rules', 'events', '--handbook', 'wiki page'])).toMatchObject({
    exitCode: 2,
    stderr: expect.stringContaining('required is a URL'),
  });
});
