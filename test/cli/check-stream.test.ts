import { expect, test } from 'vitest';
import { checkStream } from '../../cli/check-stream.ts';
import { configOf } from '../contexts/sample.ts';

const config = configOf(`upstreams: { monolith: { url: http://h:1 } }
stream: { name: shop }
streams: { replays: {} }
`);

test('only a stream that the relays of the configuration send to is taken', () => {
  for (const stream of [undefined, 'shop', 'replays']) checkStream(config, stream);
  expect(() => checkStream(config, 'other')).toThrow(
    "there is no stream 'other' in the configuration; there are shop, replays. Name it under `streams`",
  );
});
