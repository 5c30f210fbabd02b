import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { parseConfig } from '../../contexts/index.ts';

test('the configuration shown in docs/configuration.md is a valid one', () => {
  const text = readFileSync(new URL('../../docs/configuration.md', import.meta.url), 'utf8');
  const [, yaml = ''] = /```yaml\n([\s\S]*?)```/.exec(text) ?? [];
  const parsed = parseConfig(yaml, (name) =>
    name === 'OUTBOX_DATABASE' ? 'mysql://app:secret@127.0.0.1:3306/shop' : undefined,
  );
  expect(parsed).toMatchObject({ ok: true, config: { monolith: 'monolith', relay: { lease: 10_000 } } });
});
