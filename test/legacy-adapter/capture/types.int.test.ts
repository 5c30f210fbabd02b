import { createConnection } from 'mysql2/promise';
import { afterAll, expect, test } from 'vitest';
import { startDatabase } from '../../../demo/servers/database.ts';
import { applyCapture, type Capture } from '../../../legacy-adapter/index.ts';
import { openDatabase } from '../../../runtime/database.ts';
import { freshDatabase } from '../../support/database.ts';
import { rowEvents } from './events.ts';

const url = await freshDatabase('outbox');
const database = openDatabase(url);
afterAll(() => database.end());

const columnTypes = {
  whole: 'INT(6) UNSIGNED ZEROFILL',
  bool: 'BOOLEAN',
  big: 'BIGINT UNSIGNED',
  price: 'DECIMAL(30,10)',
  padded: 'DECIMAL(8,2) ZEROFILL',
  approx: 'FLOAT',
  exact: 'DOUBLE',
  few_bits: 'BIT(5)',
  all_bits: 'BIT(64)',
  year: 'YEAR',
  day: 'DATE',
  span: 'TIME(3)',
  local: 'DATETIME(6)',
  instant: 'TIMESTAMP(6) NULL',
  fixed: 'CHAR(5)',
  latin: 'VARCHAR(20) CHARACTER SET latin1',
  turkish: 'VARCHAR(20) CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci',
  prose: 'TEXT',
  choice: "ENUM('one','two')",
  choices: "SET('x','y','z')",
  raw: 'VARBINARY(100)',
  blob: 'BLOB',
  doc: 'JSON',
  'odd `name\'"\\': 'VARCHAR(9)',
};
const capture: Capture = {
  name: 'zoo',
  table: 'zoo',
  key: 'id',
  columns: Object.keys(columnTypes),
  aggregate: 'animal',
};
const quoted = (name: string) => `\`${name.replaceAll('`', '``')}\``;

test('each type arrives exact, in the form that its encoding promises, and untouched it gives no event', async () => {
  const definitions = Object.entries(columnTypes).map(([name, type]) => `${quoted(name)} ${type}`);
  await database.query(`CREATE TABLE zoo (id BIGINT PRIMARY KEY, ${definitions.join(', ')}) ENGINE=InnoDB`);
  await applyCapture(database, capture);
  const bytes = Buffer.from(Array.from({ length: 100 }, (_, index) => (index * 37) % 256));
  const values: Record<string, unknown> = {
    id: '9007199254740993',
    whole: 42,
    bool: true,
    big: '18446744073709551615',
    price: '12345678901234567890.1234567891',
    padded: '1.50',
    approx: 1.1,
    exact: 0.1,
    few_bits: Buffer.from([0b10110]),
    all_bits: Buffer.alloc(8, 255),
    year: 2024,
    day: '2024-02-29',
    span: '-101:02:03.500',
    local: '2024-10-27 02:30:00.123456',
    instant: '2024-10-27 02:30:00.123456',
    fixed: 'ab',
    latin: 'ä€',
    turkish: 'İ "q" \\ \n \u0001 😀',
    prose: 'x'.repeat(1_000),
    choice: 'two',
    choices: 'x,z',
    raw: bytes,
    blob: bytes,
    doc: '{"b":[1,{"ü":null}],"a":"\\"\\\\"}',
    'odd `name\'"\\': 'odd',
  };
  await database.execute(
    `INSERT INTO zoo (${Object.keys(values).map(quoted).join(', ')}) VALUES (${Object.keys(values)
      .map(() => '?')
      .join(', ')})`,
    Object.values(values) as string[],
  );
  await database.query('INSERT INTO zoo (id) VALUES (-1)');
  await database.query('UPDATE zoo SET id = id, prose = prose, doc = doc, instant = instant');
  await database.query('DELETE FROM zoo WHERE id = 9007199254740993');
  const [full, empty, deleted, ...more] = await rowEvents(database);
  expect(full).toMatchObject({
    key: 'animal:9007199254740993',
    after: {
      ...values,
      bool: 1,
      padded: '1.50',
      approx: Math.fround(1.1),
      few_bits: 0b10110,
      all_bits: '18446744073709551615',
      local: '2024-10-27T02:30:00.123456',
      instant: '2024-10-27T02:30:00.123456Z',
      raw: bytes.toString('base64'),
      blob: bytes.toString('base64'),
      doc: { b: [1, { ü: null }], a: '"\\' },
    },
  });
  expect(empty?.after).toEqual(
    Object.fromEntries([['id', '-1'], ...Object.keys(columnTypes).map((name) => [name, null])]),
  );
  expect(deleted).toMatchObject({ type: 'row.zoo.delete', before: full?.after });
  expect(more).toEqual([]);
});

test('a change of each type alone gives an event', async () => {
  await database.query('DELETE FROM banyan_outbox');
  const changes: Record<string, [unknown, unknown]> = {
    whole: [1, 2],
    big: ['18446744073709551614', '18446744073709551615'],
    price: ['1.0000000001', '1.0000000002'],
    exact: [0.1, 0.10000000000000002],
    all_bits: [Buffer.alloc(8, 254), Buffer.alloc(8, 255)],
    year: [2024, 2025],
    day: ['2024-02-28', '2024-02-29'],
    span: ['00:00:00.001', '00:00:00.002'],
    local: ['2024-01-01 00:00:00.000001', '2024-01-01 00:00:00.000002'],
    instant: ['2024-01-01 00:00:00.000001', '2024-01-01 00:00:00.000002'],
    latin: ['a', 'A'],
    turkish: ['ı', 'I'],
    prose: ['a', 'a '],
    choice: ['one', 'two'],
    choices: ['x', 'x,y'],
    blob: [Buffer.from([1]), Buffer.from([1, 0])],
    doc: ['{"a":"x"}', '{"a":"X"}'],
    bool: [false, null],
  };
  await database.query('INSERT INTO zoo (id) VALUES (1)');
  for (const [name, [before, after]] of Object.entries(changes)) {
    await database.query(`UPDATE zoo SET ${quoted(name)} = ? WHERE id = 1`, [before]);
    const seen = (await rowEvents(database)).length;
    await database.query(`UPDATE zoo SET ${quoted(name)} = ? WHERE id = 1`, [after]);
    expect([name, (await rowEvents(database)).length - seen]).toEqual([name, 1]);
  }
});

test.each(['+05:30', '-11:00', 'SYSTEM'])(
  'a TIMESTAMP arrives in UTC when the writer is in time zone %s, a DATETIME as it stands',
  async (zone) => {
    await database.query('DELETE FROM zoo');
    await database.query('DELETE FROM banyan_outbox');
    const writer = await createConnection({ uri: url });
    await writer.query('SET SESSION time_zone = ?', [zone]);
    await writer.query(
      "INSERT INTO zoo (id, local, instant) VALUES (1, '2024-07-01 12:00:00', FROM_UNIXTIME(1719835200.5))",
    );
    await writer.end();
    expect((await rowEvents(database))[0]?.after).toMatchObject({
      local: '2024-07-01T12:00:00.000000',
      instant: '2024-07-01T12:00:00.500000Z',
    });
  },
);

test('the zero date stays the zero date, and no time stays null', async () => {
  await database.query('DELETE FROM zoo');
  await database.query('DELETE FROM banyan_outbox');
  const writer = await createConnection({ uri: url });
  await writer.query("SET SESSION sql_mode = ''");
  await writer.query('INSERT INTO zoo (id, day, local, instant) VALUES (1, 0, 0, 0), (2, NULL, NULL, NULL)');
  await writer.end();
  expect(
    (await rowEvents(database)).map(({ after }) => [after?.['day'], after?.['local'], after?.['instant']]),
  ).toEqual([
    ['0000-00-00', '0000-00-00T00:00:00.000000', '0000-00-00T00:00:00.000000Z'],
    [null, null, null],
  ]);
});

test('both hours of the night when the clock is put back keep their own time', async () => {
  const zone = process.env['TZ'];
  process.env['TZ'] = 'Europe/Berlin';
  const server = await startDatabase('mariadbd').finally(() => {
    if (zone === undefined) delete process.env['TZ'];
    else process.env['TZ'] = zone;
  });
  const setup = await createConnection({ uri: server.url });
  await setup.query('CREATE DATABASE berlin');
  await setup.end();
  const berlin = openDatabase(`${server.url}/berlin`);
  try {
    await berlin.query(
      `CREATE TABLE banyan_outbox (id BIGINT AUTO_INCREMENT PRIMARY KEY, event_id VARCHAR(64), source VARCHAR(190),
         type VARCHAR(190), aggregate_type VARCHAR(64), aggregate_id VARCHAR(190),
         partition_key VARCHAR(255) AS (aggregate_id), data LONGTEXT)`,
    );
    await berlin.query('CREATE TABLE night (id INT PRIMARY KEY, at TIMESTAMP NULL, note VARCHAR(9))');
    await applyCapture(berlin, { ...capture, table: 'night', columns: ['at', 'note'] });
    await berlin.query(
      "INSERT INTO night VALUES (1, '2024-10-27 00:30:00', ''), (2, '2024-10-27 01:30:00', '')",
    );
    const monolith = await createConnection({ uri: `${server.url}/berlin` });
    await monolith.query("UPDATE night SET note = 'seen'");
    await monolith.end();
    expect((await rowEvents(berlin)).slice(2).map(({ after }) => after?.['at'])).toEqual([
      '2024-10-27T00:30:00.000000Z',
      '2024-10-27T01:30:00.000000Z',
    ]);
  } finally {
    await berlin.end();
    await server.stop();
  }
});
