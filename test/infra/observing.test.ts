import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { configOf } from '../contexts/sample.ts';
import { alertNames, alerts, allRules, root } from './rules.ts';

const page = readFileSync(`${root}docs/observing.md`, 'utf8');
const [prometheus, alertmanager] = [...page.matchAll(/^```yaml\n([\s\S]*?)^```/gm)].map(
  ([, block]) => parse(block!) as Record<string, any>,
) as [Record<string, any>, Record<string, any>];

test('the jobs that the rules name are those of the page', () => {
  const jobs = prometheus['scrape_configs'].map(({ job_name: job }: { job_name: string }) => job);
  const rows = [...page.matchAll(/^\| `(banyan-[\w-]+)` /gm)].map(([, job]) => job);
  expect(rows.toSorted()).toEqual(jobs.toSorted());
  const named = new Set(
    allRules.flatMap(({ expr }) => [...expr.matchAll(/job="([^"]+)"/g)].map(([, job]) => job!)),
  );
  expect([...named].toSorted()).toEqual(jobs.toSorted());
});

test('the ops ports of the page are the configuration’s defaults', () => {
  const { gateway, control, relay } = configOf('upstreams: { monolith: { url: http://a } }\n');
  for (const address of [gateway.ops, control.ops, relay.ops]) expect(page).toContain(`\`${address}\``);
  const ports = prometheus['scrape_configs'].flatMap(({ static_configs: [{ targets }] }: any) =>
    targets.map((target: string) => target.split(':')[1]),
  );
  for (const address of [gateway.ops, control.ops, relay.ops]) expect(ports).toContain(address.split(':')[1]);
});

test('every severity has a receiver, and what silences and is silenced are alerts', () => {
  const severities = [...new Set(alerts.map(({ labels }) => labels!['severity']!))];
  const rows = [...page.matchAll(/^\| `(page|ticket|info)` /gm)].map(([, severity]) => severity!);
  expect(rows.toSorted()).toEqual(severities.toSorted());
  const receivers = alertmanager['receivers'].map(({ name }: { name: string }) => name);
  for (const { receiver } of [alertmanager['route'], ...alertmanager['route'].routes])
    expect(receivers).toContain(receiver);
  const named = JSON.stringify(alertmanager['inhibit_rules']).match(/Banyan\w+/g)!;
  expect(named.length).toBeGreaterThan(6);
  for (const name of named) expect(alertNames).toContain(name);
  // A label by which one silences the other must be one of both.
  for (const { equal = [] } of alertmanager['inhibit_rules'] as { equal?: string[] }[])
    for (const label of equal) expect(['context', 'upstream']).toContain(label);
});

test('every recorded series of the page is one, and the other way round', () => {
  const rows = [...page.matchAll(/^\| `(\w+:\w+:\w+)`/gm)].map(([, name]) => name!);
  const recorded = allRules.flatMap(({ record }) => record ?? []);
  for (const name of rows) expect(recorded).toContain(name);
  const base = (name: string) => name.replace(/(p\d+_5m|rate\w+)$/, '');
  expect([...new Set(rows.map(base))].toSorted()).toEqual([...new Set(recorded.map(base))].toSorted());
});
