import { expect, test } from 'vitest';
import { parseConfig } from '../../contexts/index.ts';
import { RELAY_DEFAULTS } from '../../relay/embed-relay.ts';

test('an embedded relay has the defaults of banyan.yaml', () => {
  const parsed = parseConfig(
    `upstreams: { monolith: { url: http://127.0.0.1:8080 } }
outbox: { database: mysql://db.internal/shop }
stream: { name: shop, region: eu-central-1 }`,
    () => undefined,
  );
  expect(parsed).toMatchObject({ ok: true });
  const { relay, outbox } = (parsed as Extract<typeof parsed, { ok: true }>).config;
  expect({ ...relay, ...outbox }).toMatchObject(RELAY_DEFAULTS);
});
