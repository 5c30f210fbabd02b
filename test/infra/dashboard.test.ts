import { expect, test } from 'vitest';
import { dashboard, dashboardExpressions, type Panel } from './dashboard.ts';
import { readPromql } from './promql.ts';

const charts = dashboard.panels.filter(({ type }) => type !== 'row');

test('an import asks for the data source, and every panel uses the one that was chosen', () => {
  expect(dashboard['__inputs']).toMatchObject([{ name: 'DS_PROMETHEUS', pluginId: 'prometheus' }]);
  // Of Grafana 10; later ones migrate it.
  expect(dashboard.schemaVersion).toBe(38);
  for (const { title, datasource, targets = [] } of charts)
    for (const source of [datasource, ...targets.map((target) => target.datasource)])
      expect(source?.uid, title).toBe('${DS_PROMETHEUS}');
  const types = new Set(charts.map(({ type }) => type));
  const required = dashboard['__requires'].filter(({ type }) => type === 'panel').map(({ id }) => id);
  expect(required.toSorted()).toEqual([...types].toSorted());
});

test('rows lead from "is it us?" to the processes', () => {
  expect(dashboard.panels.filter(({ type }) => type === 'row').map(({ title }) => title)).toEqual([
    'Is it us?',
    'Traffic',
    'Migration',
    'Outbox and relay',
    'Consumers',
    'Shadow',
    'Protection',
    'Process',
  ]);
});

test('panels have ids of their own, and places that no other has', () => {
  expect(new Set(dashboard.panels.map(({ id }) => id)).size).toBe(dashboard.panels.length);
  const taken = new Map<string, string>();
  for (const { title, gridPos } of dashboard.panels) {
    expect(gridPos.x + gridPos.w, title).toBeLessThanOrEqual(24);
    for (let x = gridPos.x; x < gridPos.x + gridPos.w; x++)
      for (let y = gridPos.y; y < gridPos.y + gridPos.h; y++) {
        expect(taken.get(`${x} ${y}`), title).toBeUndefined();
        taken.set(`${x} ${y}`, title);
      }
  }
});

test('every chart says what it shows, has a unit, and tells its queries apart', () => {
  expect(charts.length).toBeGreaterThan(50);
  expect(new Set(charts.map(({ title }) => title)).size).toBe(charts.length);
  for (const { title, type, description, targets = [], fieldConfig } of charts) {
    expect(description, title).toMatch(/\.$/);
    if (type !== 'table') expect(fieldConfig!.defaults.unit, title).toBeDefined();
    expect(new Set(targets.map(({ refId }) => refId)).size, title).toBe(targets.length);
    expect(targets.length, title).toBeGreaterThan(0);
  }
});

test('thresholds begin below everything and rise', () => {
  for (const { title, fieldConfig } of charts) {
    const values = fieldConfig!.defaults.thresholds!.steps.map(({ value }) => value ?? -Infinity);
    expect(values, title).toEqual(values.toSorted((a, b) => a - b));
    expect(values[0], title).toBe(-Infinity);
  }
});

test('every expression is PromQL', () => {
  for (const expr of dashboardExpressions) expect(readPromql(expr).mistakes, expr).toEqual([]);
});

test('every variable that an expression uses is one of the dashboard', () => {
  const known = new Set(dashboard.templating.list.map(({ name }) => name));
  expect([...known]).toEqual(['context', 'upstream', 'instance']);
  const used = dashboardExpressions.flatMap((expr) =>
    [...expr.matchAll(/\$(\w+)/g)].map(([, name]) => name!),
  );
  expect([...new Set(used)].filter((name) => !known.has(name) && name !== '__rate_interval')).toEqual([]);
});

// "Is it us?" must not stay green because nobody knows.
test('a stat without a value is unknown, and so is one that is not a number', () => {
  const stats = charts.filter(({ type }) => type === 'stat') as (Panel & {
    fieldConfig: { defaults: { noValue?: string; mappings?: { options: { match: string } }[] } };
  })[];
  expect(stats.length).toBeGreaterThan(8);
  for (const { title, fieldConfig } of stats) {
    expect(fieldConfig.defaults.noValue, title).toBe('unknown');
    expect(fieldConfig.defaults.mappings, title).toEqual(
      expect.arrayContaining([
        expect.objectContaining({
          options: { match: 'nan', result: expect.objectContaining({ text: 'unknown', color: 'red' }) },
        }),
      ]),
    );
  }
});
