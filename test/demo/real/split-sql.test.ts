import { expect, test } from 'vitest';
import { splitSql } from '../../../demo/real/split-sql.ts';

test('statements end at the delimiter, which DELIMITER changes', () => {
  const script = [
    'SET NAMES utf8mb4;',
    'DELIMITER ;;',
    'CREATE TRIGGER t BEFORE INSERT ON a FOR EACH ROW BEGIN SET NEW.b = 1; SET NEW.c = 2; END;;',
    'DELIMITER ;',
    'INSERT INTO a VALUES (1)',
  ].join('\n');
  expect(splitSql(script)).toEqual([
    'SET NAMES utf8mb4',
    'CREATE TRIGGER t BEFORE INSERT ON a FOR EACH ROW BEGIN SET NEW.b = 1; SET NEW.c = 2; END',
    'INSERT INTO a VALUES (1)',
  ]);
});

test('a delimiter within quotes or comments ends nothing', () => {
  expect(
    splitSql(`SELECT ';', "a;b", \`c;d\`, 'it''s;', 'back\\';slash' -- ; no\n /* ; */ ; SELECT 2;`),
  ).toEqual([`SELECT ';', "a;b", \`c;d\`, 'it''s;', 'back\\';slash' -- ; no\n /* ; */`, 'SELECT 2']);
});

test('mere comments are no statement; a comment for certain versions is one', () => {
  expect(splitSql('-- first\n# second\n/* third */;\n/*!50003 SET a = 1 */;\n-- last')).toEqual([
    '/*!50003 SET a = 1 */',
  ]);
});
