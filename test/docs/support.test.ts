import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { supportOf } from '../../control-plane/install/support.ts';
import { root } from '../infra/rules.ts';

const page = readFileSync(`${root}docs/support.md`, 'utf8');
const documented = Object.fromEntries(
  [...page.matchAll(/^\| (.+?) +\| (tested|expected|refused) +\|/gm)].map(([, server, support]) => [
    server,
    support,
  ]),
);

test.each([
  ['MySQL 5.7', '5.7.44-log'],
  ['MySQL 8.0.0 to 8.0.18', '8.0.18'],
  ['MySQL 8.0.19 and later 8.0', '8.0.19'],
  ['MySQL 8.4', '8.4.6'],
  ['MySQL 9.0 to 9.6', '9.6.0'],
  ['MySQL 9.7', '9.7.4-2'],
  ['MariaDB 10.4 and earlier', '10.4.34-MariaDB'],
  ['MariaDB 10.5', '10.5.29-MariaDB'],
  ['MariaDB 10.6', '10.6.22-MariaDB-log'],
  ['MariaDB 10.11', '10.11.19-MariaDB-0+deb12u1'],
  ['MariaDB 11', '11.8.3-MariaDB'],
  ['Aurora MySQL 3', '8.0.39'],
  ['Aurora MySQL 2', '5.7.12'],
])('what the page says of %s is what install and doctor do', (server, version) => {
  expect(documented[server]).toBe(supportOf(version).support);
});
