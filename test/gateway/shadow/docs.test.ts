import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { SHADOW_OUTCOMES } from '../../../contexts/index.ts';
import { shadow } from '../../../contexts/shadow-config.ts';
import { DROPS } from '../../../gateway/shadow/copy-queue.ts';
import { configOf } from '../../contexts/sample.ts';

const page = readFileSync(new URL('../../../docs/shadow.md', import.meta.url), 'utf8');
const rowsUnder = (heading: string) =>
  [
    ...page
      .split(`## ${heading}\n`)[1]!
      .split('\n## ')[0]!
      .matchAll(/^\| `(\w+)`/gm),
  ].map(([, name]) => name);

test('the page’s configuration is a valid one', () => {
  const [, yaml] = /```yaml\n([\s\S]*?)```/.exec(page)!;
  const upstreams = 'upstreams: { monolith: { url: http://a }, inventory: { url: http://b } }\n';
  expect(configOf(upstreams + yaml).contexts['inventory']!.shadow.sample).toBe(0.2);
});

test('the page lists each field, outcome and reason, and no other', () => {
  expect(rowsUnder('Start')).toEqual(Object.keys(shadow.shape));
  expect(rowsUnder('Outcomes')).toEqual(SHADOW_OUTCOMES);
  const reasons = /`why`: (.*)/.exec(page)![1]!;
  expect([...reasons.matchAll(/`(\w+)`(?= \(|\.)/g)].map(([, why]) => why)).toEqual(DROPS);
});
