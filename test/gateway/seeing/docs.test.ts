import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { stringify, parse } from 'yaml';
import { ACCESS_FIELDS, parseConfig } from '../../../contexts/index.ts';
import { accessLog, tracing } from '../../../contexts/seeing-config.ts';
import { SHOP } from '../../contexts/sample.ts';

const read = (file: string) => readFileSync(new URL(`../../../${file}`, import.meta.url), 'utf8');
const page = read('docs/seeing.md');
const sectionOf = (heading: string) => page.split(`\n## ${heading}\n`)[1]!.split('\n## ')[0]!;
/** The names in the first column of all tables of a section. */
const namesIn = (heading: string) =>
  [...sectionOf(heading).matchAll(/^\| (`[^|]+?) +\|/gm)].flatMap(([, cell]) =>
    [...cell!.matchAll(/`([^`]+)`/g)].map(([, name]) => name!),
  );

test('the page’s configurations are valid ones', () => {
  const [gateway, exporter] = [...page.matchAll(/```yaml\n([\s\S]*?)```/g)].map(
    ([, text]) => parse(text!) as object,
  );
  const shop = parse(SHOP) as object;
  for (const written of [gateway, { gateway: exporter }])
    expect(parseConfig(stringify({ ...shop, ...written }), () => 'http://collector:4318')).toMatchObject({
      ok: true,
    });
});

test('it lists every field of a line and every option, and no other', () => {
  const [, keys] = /interface AccessLine \{\n([^}]*)\}/.exec(read('gateway/seeing/access-line.ts'))!;
  const fields = [...keys!.matchAll(/^ {2}(\w+)\??:/gm)]
    .map(([, name]) => name!)
    .filter((name) => name !== 'ms');
  const [, phases] = /interface Phases \{\n([^}]*)\}/.exec(read('gateway/seeing/sighting.ts'))!;
  const parts = [...phases!.matchAll(/readonly (\w+):/g)].map(([, name]) => `ms.${name}`);
  const options = Object.keys(accessLog.parse(true)!);
  expect(namesIn('Access log').toSorted()).toEqual(['time', ...fields, ...parts, ...options].toSorted());
  for (const field of ACCESS_FIELDS) expect([...fields, 'ms']).toContain(field);
  const traced = Object.keys(tracing.parse({ exporter: 'http://a' })!);
  expect(
    namesIn('Traces')
      .filter((name) => !/^(traceparent|X-Amzn)/.test(name))
      .toSorted(),
  ).toEqual(traced.toSorted());
});

test('every metric that it names is one of the gateway’s', () => {
  const known = read('docs/gateway.md');
  for (const [name] of page.matchAll(/banyan_gateway_\w+/g))
    expect(known).toContain(name.replace(/_count$/, ''));
});
