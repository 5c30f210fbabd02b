import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { loadTranslations, type RowChange } from '../../../legacy-adapter/index.ts';

const folder = mkdtempSync(join(tmpdir(), 'banyan-translate-'));
afterAll(() => rmSync(folder, { recursive: true }));
const write = (name: string, text: string) => writeFileSync(join(folder, name), text);

test('a capture finds the translation that its module exports', async () => {
  write(
    'price.ts',
    `export const translate = (change: { op: string }, key: { aggregateId: string }) =>
       change.op === 'update' ? { type: 'PriceChanged', data: { sku: key.aggregateId } } : undefined;`,
  );
  const translationOf = await loadTranslations({ catalogue: { translate: './price.ts' }, plain: {} }, folder);
  const key = { aggregateType: 'product', aggregateId: 'a1' };
  const change = { op: 'update', table: 'product', before: {}, after: {} } as const;
  expect(translationOf('catalogue')?.(change, key)).toEqual({ type: 'PriceChanged', data: { sku: 'a1' } });
  expect(translationOf('plain')).toBeUndefined();
  expect(translationOf('unheard-of')).toBeUndefined();
});

test('a translation that reads a column which the event leaves out throws; one that does not goes on', async () => {
  write(
    'all.ts',
    `export const translate = ({ after }: { after: Record<string, unknown> }) =>
       after.price === '2.50' ? { type: 'Changed', data: { ...after } } : undefined;`,
  );
  const translationOf = await loadTranslations({ catalogue: { translate: 'all.ts' } }, folder);
  const translate = (price: string, omitted?: string[]) =>
    translationOf('catalogue')?.(
      {
        op: 'insert',
        table: 'product',
        before: null,
        after: { price },
        ...(omitted && { omitted }),
      } as RowChange,
      { aggregateType: 'product', aggregateId: 'a1' },
    );
  expect(translate('2.50')).toEqual({ type: 'Changed', data: { price: '2.50' } });
  expect(translate('1.00', ['manual'])).toBeUndefined();
  expect(() => translate('2.50', ['manual'])).toThrow("the event leaves out 'manual'");
});

test('every module that cannot be used is named, with what it lacks', async () => {
  write('other.ts', 'export const translat = () => undefined;');
  write('text.ts', "export const translate = 'PriceChanged';");
  const loading = loadTranslations(
    {
      first: { translate: 'other.ts' },
      second: { translate: 'text.ts' },
      third: { translate: 'missing.ts' },
    },
    folder,
  );
  await expect(loading).rejects.toThrow(
    new RegExp(
      [
        "captures\\.first\\.translate: .*other\\.ts has no export 'translate'; required: export function.*",
        "captures\\.second\\.translate: .*text\\.ts exports 'translate' as string, not a function.*",
        "captures\\.third\\.translate: .*missing\\.ts can't be loaded: Cannot find module.*",
      ].join('\n'),
    ),
  );
});
