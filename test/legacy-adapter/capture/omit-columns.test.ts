import { expect, test } from 'vitest';
import type { Column } from '../../../legacy-adapter/capture/facts.ts';
import { leastEventBytes, omittableColumns } from '../../../legacy-adapter/capture/omit-columns.ts';

const column = (name: string, dataType: string, maxLength: number | null = null): Column => ({
  name,
  dataType,
  columnType: dataType,
  nullable: true,
  maxLength,
});
const text = (name: string) => column(name, 'text', 65_535);
const key = column('id', 'int');

test('rows of short columns are always captured whole', () => {
  expect(
    omittableColumns([key, column('name', 'varchar', 1_000), text('prose'), column('raw', 'blob', 65_535)]),
  ).toEqual([]);
});

test('long types may be left out, and JSON always, in the order of the columns', () => {
  const columns = [
    key,
    column('manual', 'longtext', 4_294_967_295),
    column('spec', 'json', 4_294_967_295),
    text('prose'),
    column('photo', 'mediumblob', 16_777_215),
  ];
  expect(omittableColumns(columns)).toEqual(['manual', 'spec', 'photo']);
  expect(omittableColumns([key, column('spec', 'json')])).toEqual(['spec']);
});

test('so many TEXT columns that they might not fit together are left out from the last on', () => {
  const columns = [key, ...['a', 'b', 'c', 'd', 'e'].map(text)];
  expect(omittableColumns(columns)).toEqual(['d', 'e']);
  expect(leastEventBytes(columns)).toBeLessThan(3.1 * 1_048_576);
});
