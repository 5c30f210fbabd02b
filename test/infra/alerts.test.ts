import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, expect, test } from 'vitest';
import { findBinary, foldersToSearch } from '../../demo/servers/find-binary.ts';
import { eventCases, gatewayCases, type AlertCase } from './alert-cases.ts';
import { readPromql } from './promql.ts';
import { alerts, RULE_FILES, rulesIn } from './rules.ts';

const run = promisify(execFile);
const promtool = await findBinary(['promtool'], await foldersToSearch(process.env['PATH']));
const folder = mkdtempSync(join(tmpdir(), 'banyan-rules-'));
afterAll(() => rmSync(folder, { recursive: true }));

const files = [gatewayCases, eventCases].map((cases, index) => ({ file: RULE_FILES[index]!, cases }));
test('every alert has a case in which it fires, and one in which it does not', () => {
  for (const { file, cases } of files) {
    const names = new Set(rulesIn(file).flatMap(({ alert }) => alert ?? []));
    expect(Object.keys(cases).toSorted()).toEqual([...names].toSorted());
    for (const [alert, all] of Object.entries(cases)) {
      expect(
        all.some(({ fires }) => fires.length > 0),
        alert,
      ).toBe(true);
      expect(
        all.some(({ fires }) => fires.length === 0),
        alert,
      ).toBe(true);
    }
  }
});

test('every alert says what is wrong with its value, what to type, and where it is explained', () => {
  for (const { alert, labels, annotations } of alerts) {
    expect(alert).toMatch(/^Banyan[A-Z]/);
    expect(['page', 'ticket', 'info'], alert).toContain(labels?.['severity']);
    expect(annotations, alert).toEqual({
      summary: expect.stringMatching(/./),
      description: expect.stringContaining('$value'),
      command: expect.stringMatching(/^(banyan|curl) /),
      runbook_url: `docs/handbook/${alert}.md`,
    });
  }
});

// Of Debian's package `prometheus`; what needs no Prometheus is held by the other tests.
test.runIf(promtool)('promtool takes the rules', async () => {
  const { stdout } = await run(promtool!, ['check', 'rules', ...RULE_FILES]);
  expect(stdout.match(/SUCCESS: \d+ rules found/g)).toHaveLength(RULE_FILES.length);
});

test.runIf(promtool)(
  'every alert fires in the cases that say so, and in no other',
  async () => {
    const paths = files.flatMap(({ file, cases }) =>
      Object.entries(cases).flatMap(([alert, all]) =>
        Object.entries(Object.groupBy(all, ({ step = '1m' }) => step)).map(([step, some]) => {
          const path = join(folder, `${alert}-${step}`);
          writeFileSync(`${path}.rules.yaml`, JSON.stringify(rulesOf(file, alert)));
          writeFileSync(path, JSON.stringify(unitTests(`${path}.rules.yaml`, alert, step, some!)));
          return path;
        }),
      ),
    );
    const told = await run(promtool!, ['test', 'rules', ...paths]).catch(
      ({ stdout, stderr }: { stdout: string; stderr: string }) => ({ stdout, stderr }),
    );
    expect(told.stderr).toBe('');
    expect(told.stdout.match(/SUCCESS/g)).toHaveLength(paths.length);
  },
  300_000,
);

/** An alert with the recorded series that it rests on, and no other: evaluating all for each takes ten times as long. */
function rulesOf(file: string, alert: string): object {
  const all = rulesIn(file);
  const needed = new Set<string>();
  const need = ({ expr }: { expr: string }) => {
    for (const { metric } of readPromql(expr).selectors) {
      const rule = all.find(({ record }) => record === metric);
      if (!rule || needed.has(metric)) continue;
      needed.add(metric);
      need(rule);
    }
  };
  for (const rule of all) if (rule.alert === alert) need(rule);
  const rules = all.filter((rule) => rule.alert === alert || needed.has(rule.record ?? ''));
  return { groups: [{ name: alert, rules }] };
}

/** As promtool has it. What it says of a failure names the alert and the case. */
function unitTests(rules: string, alert: string, interval: string, cases: readonly AlertCase[]): object {
  return {
    rule_files: [rules],
    evaluation_interval: interval,
    tests: cases.map(({ when, series, at, fires }) => ({
      interval,
      name: `${alert}: ${when}`,
      input_series: Object.entries(series).map(([one, values]) => ({ series: one, values })),
      promql_expr_test: [{}, ...fires].map((labels, index) => ({
        expr: `count(ALERTS{${matchers({ alertname: alert, alertstate: 'firing', ...labels })}}) or vector(0)`,
        eval_time: at,
        exp_samples: [{ labels: '{}', value: index === 0 ? fires.length : 1 }],
      })),
    })),
  };
}

function matchers(labels: Readonly<Record<string, string>>): string {
  return Object.entries(labels)
    .map(([label, value]) => `${label}="${value}"`)
    .join(',');
}
