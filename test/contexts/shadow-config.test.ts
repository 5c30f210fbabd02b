import { expect, test } from 'vitest';
import { parseConfig } from '../../contexts/index.ts';
import { configOf, SHOP } from './sample.ts';

const mistakes = (rest: string) => {
  const parsed = parseConfig(`${SHOP}${rest}`, () => undefined);
  return parsed.ok ? [] : parsed.mistakes.map(({ path, message }) => `${path}: ${message}`);
};

test('shadowing has defaults that hurt nobody', () => {
  expect(configOf(SHOP).contexts['inventory']!.shadow).toEqual({
    sample: 0.1,
    timeout: 2_000,
    maxBody: 1024 ** 2,
    queue: 100,
    concurrency: 10,
    fields: ['content-type', 'location'],
    ignore: [],
    sets: [],
    normalise: [],
    personal: [],
    maxLag: 5_000,
    window: 86_400_000,
    minMatch: 0.99,
    minSamples: 100,
  });
});

test('rules are read as they are written', () => {
  const { shadow } = configOf(`${SHOP}
    shadow:
      fields: [Cache-Control]
      normalise: [uuids, { kind: instants, at: $..updatedAt }, { round: 2, at: '$.items[*].price' }]
`).contexts['inventory']!;
  expect(shadow.fields).toEqual(['cache-control']);
  expect(shadow.normalise).toEqual([
    { kind: 'uuids' },
    { kind: 'instants', at: '$..updatedAt' },
    { kind: 'round', round: 2, at: '$.items[*].price' },
  ]);
});

test('each mistake is named, and all of them at once', () => {
  const found = mistakes(`
      - { match: 'POST /twice', repeatable: true }
      - { match: 'GET /touch', kind: write, repeatable: true }
    shadow:
      sample: 2
      maxBody: ten
      fields: ['a b']
      ignore: ['$.items[?(@.a)]']
      sets: ['$.a-b']
      normalise: [dates, { round: -1 }]
      personal: [':email', ':sku']
`);
  const mentioned = (text: string) => found.filter((mistake) => mistake.startsWith(text)).join('\n');
  expect(mentioned('contexts.inventory.routes.2.repeatable')).toContain('only a read');
  expect(mentioned('contexts.inventory.routes.3.repeatable')).toContain("'GET /touch' is a write");
  expect(mentioned('contexts.inventory.shadow.sample')).toContain('at most 1');
  expect(mentioned('contexts.inventory.shadow.maxBody')).toContain('a size such as');
  expect(mentioned('contexts.inventory.shadow.fields.0')).toContain("a field's name");
  expect(mentioned('contexts.inventory.shadow.ignore.0')).toContain("'[?(@.a)]' is none of .name");
  expect(mentioned('contexts.inventory.shadow.sets.0')).toContain("'-b' is none of");
  expect(mentioned('contexts.inventory.shadow.normalise.0')).toContain('one of timestamps, instants, uuids');
  expect(mentioned('contexts.inventory.shadow.normalise.1')).toContain('at least 0');
  expect(mentioned('contexts.inventory.shadow.personal.0')).toContain(
    "no route of the context has a segment ':email'",
  );
  expect(found).toHaveLength(10);
});
