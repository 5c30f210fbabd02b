import { readFileSync } from 'node:fs';
import { expect, it, test } from 'vitest';
import { parse } from 'yaml';
import { z } from 'zod';
import { configJsonSchema } from '../../contexts/index.ts';

const file = (name: string) => readFileSync(new URL(`../../${name}`, import.meta.url), 'utf8');
const schema = z.fromJSONSchema(configJsonSchema() as z.core.JSONSchema.JSONSchema);

test('the schema that is shipped is that of the configuration; `banyan config schema > banyan.schema.json` renews it', () => {
  expect(JSON.parse(file('banyan.schema.json'))).toEqual(JSON.parse(JSON.stringify(configJsonSchema())));
});

it('takes the configuration shown in docs/configuration.md, references included', () => {
  const [, yaml = ''] = /```yaml\n([\s\S]*?)```/.exec(file('docs/configuration.md')) ?? [];
  expect(schema.safeParse(parse(yaml)).error?.issues).toBeUndefined();
  expect(schema.safeParse({ upstreams: {}, gateway: { name: '${HOSTNAME}' } }).success).toBe(true);
});

it.each([
  [{ upstreams: {}, gatway: {} }],
  [{ upstreams: { monolith: {} } }],
  [{ upstreams: {}, gateway: { limits: { fields: 'many' } } }],
  [{ upstreams: {}, gateway: { name: 'edge 1' } }],
  [{}],
])('marks %j', (written) => {
  expect(schema.safeParse(written).success).toBe(false);
});
