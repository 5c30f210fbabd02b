import { expect, test } from 'vitest';
import { splitStatements } from '../../control-plane/install/split-statements.ts';

test.each<[string, string, string[]]>([
  ['two statements', 'SELECT 1;\nSELECT 2;', ['SELECT 1', 'SELECT 2']],
  ['a last one without a semicolon', 'SELECT 1; SELECT 2', ['SELECT 1', 'SELECT 2']],
  ['nothing', ' ;\n; -- only this\n', []],
  ['a semicolon in quotes', `SELECT ';', ";", \`;\``, [`SELECT ';', ";", \`;\``]],
  [
    'quotes doubled and escaped',
    `SELECT 'it''s;', 'a\\';', "x\\\\"; SELECT 2`,
    [`SELECT 'it''s;', 'a\\';', "x\\\\"`, 'SELECT 2'],
  ],
  [
    'comments with quotes and semicolons',
    "-- don't;\nSELECT 1 -- it's; here\n, 2; # it's;\nSELECT 3",
    ["SELECT 1 -- it's; here\n, 2", 'SELECT 3'],
  ],
  ['block comments', "/* it's; */ SELECT /* ; */ 1; /* ' */", ['SELECT /* ; */ 1']],
  [
    'comments that are code',
    '/*!80000 SELECT 1 */; /*M! SELECT 2 */',
    ['/*!80000 SELECT 1 */', '/*M! SELECT 2 */'],
  ],
  ['two minus signs that are none', 'SELECT 1--1; SELECT 2', ['SELECT 1--1', 'SELECT 2']],
])('%s', (_, sql, statements) => {
  expect(splitStatements(sql)).toEqual(statements);
});
