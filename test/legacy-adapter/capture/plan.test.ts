import { expect, test } from 'vitest';
import type { Capture, Column, Facts } from '../../../legacy-adapter/capture/facts.ts';
import { planCapture } from '../../../legacy-adapter/capture/plan.ts';

const capture: Capture = {
  name: 'catalogue',
  table: 'product',
  key: 'sku',
  columns: ['price'],
  aggregate: 'product',
};
const column = (name: string, dataType: string, maxLength: number | null = null): Column => ({
  name,
  dataType,
  columnType: maxLength === null ? dataType : `${dataType}(${maxLength})`,
  nullable: true,
  maxLength,
});
const facts: Facts = {
  database: 'shop',
  account: 'dba@%',
  grants: ['GRANT ALL PRIVILEGES ON *.* TO `dba`@`%`'],
  isMariaDb: true,
  binaryLog: false,
  binlogFormat: 'ROW',
  trustsFunctionCreators: false,
  maxAllowedPacket: 16 * 1_048_576,
  outboxInstalled: true,
  table: { type: 'BASE TABLE', engine: 'InnoDB', rows: 12 },
  columns: [column('sku', 'varchar', 20), column('price', 'decimal')],
  identifying: ['sku'],
  triggers: [],
  cascades: [],
};

test('a table that can be captured is refused nothing', () => {
  const plan = planCapture(capture, facts);
  expect(plan.refusals).toEqual([]);
  expect(plan.triggers.map(({ name }) => name)).toEqual([
    'banyan_catalogue_insert',
    'banyan_catalogue_update',
    'banyan_catalogue_delete',
  ]);
});

test('all reasons for a refusal come at once', () => {
  const plan = planCapture(
    { ...capture, name: 'c'.repeat(60), columns: ['price', 'area', 'colour'] },
    {
      ...facts,
      grants: ['GRANT SELECT ON `shop`.`product` TO `dba`@`%`'],
      binaryLog: true,
      outboxInstalled: false,
      table: { type: 'BASE TABLE', engine: 'MyISAM', rows: 0 },
      columns: [column('sku', 'varchar', 255), column('price', 'decimal'), column('area', 'polygon')],
      identifying: [],
    },
  );
  expect(plan.triggers).toEqual([]);
  expect(plan.refusals).toEqual([
    "the name 'cccccccccccccccccccccccccccccccccccccccccccccccccccccccccccc' has 60 characters; at most 50 fit into a trigger's name",
    "table 'product' is MyISAM, not InnoDB: a change could stay while its event is rolled back; required: InnoDB",
    "key 'sku' doesn't identify a row; required: the only column of the primary key, or of a unique index and NOT NULL",
    "key 'sku' (varchar(255)) can have 255 characters as an id; the outbox holds 190, and a longer one would fail the write",
    "column 'area' is polygon, which can't be captured; leave it out",
    "there is no column 'colour'; 'product' has sku, price, area (the case of letters counts)",
    'the outbox is not installed in shop, or dba@% has no right on it; run `banyan install outbox` first',
    "dba@% lacks TRIGGER on 'product', to create and fire its triggers; run: GRANT TRIGGER ON `shop`.`product` TO 'dba'@'%'",
    "dba@% lacks INSERT on banyan_outbox, which the triggers append to; run: GRANT INSERT ON `shop`.`banyan_outbox` TO 'dba'@'%'",
    "dba@% lacks LOCK TABLES on shop, to let no write pass between two triggers; run: GRANT LOCK TABLES ON `shop`.* TO 'dba'@'%'",
    "dba@% lacks SUPER to create triggers while the binary log is on, unless log_bin_trust_function_creators is ON; run: GRANT SUPER ON *.* TO 'dba'@'%'",
  ]);
});

test.each([
  [{ table: undefined }, /there is no table 'product' in shop, or none that dba@% has a right on/],
  [{ table: { type: 'VIEW', engine: null, rows: 0 } }, /'product' is a VIEW; only a table can have triggers/],
  [{ columns: [] }, /there is no column 'sku' for `key:`/],
  [{ maxAllowedPacket: 1_024 }, /an event can have \d+ bytes, and max_allowed_packet is 1024: a longer one/],
  [{ columns: [column('sku', 'double'), column('price', 'int')] }, /key 'sku' is double, which can't be an/],
  [
    { columns: [column('sku', 'varbinary', 143), column('price', 'int')] },
    /can have 192 characters as an id/,
  ],
] as [Partial<Facts>, RegExp][])('%o is refused by name', (change, reason) => {
  expect(planCapture(capture, { ...facts, ...change }).refusals.join()).toMatch(reason);
});

test('rights that come through a role are not refused: the server will say', () => {
  expect(planCapture(capture, { ...facts, grants: ['GRANT `dba` TO `app`@`%`'] }).refusals).toEqual([]);
});

test('what fires no trigger is named: cascades that reach captured rows, and only those', () => {
  const cascade = {
    constraint: 'fk',
    columns: ['shelf'],
    parent: 'shelf',
    onDelete: 'NO ACTION',
    onUpdate: 'CASCADE',
  };
  const warned = (change: Partial<Facts>, columns = capture.columns) =>
    planCapture(
      { ...capture, columns },
      { ...facts, columns: [...facts.columns, column('shelf', 'int')], ...change },
    ).warnings.filter((warning) => warning.startsWith('foreign key'));
  expect(warned({ cascades: [cascade] })).toEqual([]);
  expect(warned({ cascades: [cascade] }, ['shelf'])).toEqual([
    'foreign key fk (shelf to shelf, ON DELETE NO ACTION, ON UPDATE CASCADE): what it changes here fires no trigger and is not captured',
  ]);
  expect(warned({ cascades: [{ ...cascade, onDelete: 'CASCADE' }] })).toHaveLength(1);
  expect(
    warned({ cascades: [{ ...cascade, onDelete: 'SET NULL', onUpdate: 'RESTRICT' }] }, ['shelf']),
  ).toHaveLength(1);
});

test('an account that applied the capture, and that every write depends on, is named to another one', () => {
  const trigger = {
    name: 'banyan_catalogue_insert',
    table: 'product',
    event: 'INSERT',
    timing: 'AFTER',
    body: '',
    sqlMode: '',
    definer: 'old@%',
  };
  const warned = (definer: string) =>
    planCapture(capture, { ...facts, triggers: [{ ...trigger, definer }] }).warnings.join();
  expect(warned('old@%')).toContain(
    'run with the rights of old@%, who applied them: without this account, or',
  );
  expect(warned('dba@%')).not.toContain('run with the rights');
});

test('triggers of others, large columns and statement-based replication are warned of', () => {
  const warnings = planCapture(
    { ...capture, columns: ['manual'] },
    {
      ...facts,
      columns: [...facts.columns, column('manual', 'longtext')],
      binaryLog: true,
      binlogFormat: 'STATEMENT',
      triggers: [
        {
          name: 'audit',
          table: 'product',
          event: 'UPDATE',
          timing: 'AFTER',
          body: '',
          sqlMode: '',
          definer: '',
        },
        {
          name: 'banyan_catalogue_extra',
          table: 'product',
          event: 'UPDATE',
          timing: 'AFTER',
          body: '',
          sqlMode: '',
          definer: '',
        },
      ],
    },
  ).warnings.join('\n');
  expect(warnings).toContain('audit (AFTER UPDATE), banyan_catalogue_extra (AFTER UPDATE)');
  expect(warnings).toContain('manual (longtext) can make an event larger than a Kinesis record');
  expect(warnings).toContain('binlog_format is STATEMENT');
});
