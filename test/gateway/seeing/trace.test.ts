import { describe, expect, test } from 'vitest';
import { randomIds } from '../../../gateway/seeing/random-ids.ts';
import { readTraceParent, traceParent } from '../../../gateway/seeing/trace.ts';
import { readXray, xrayField } from '../../../gateway/seeing/xray.ts';
import { clientShown } from '../../../gateway/seeing/client-shown.ts';

const ID = '4bf92f3577b34da6a3ce929d0e0e4736';
const SPAN = '00f067aa0ba902b7';

describe('traceparent', () => {
  test.each([
    ['sampled', `00-${ID}-${SPAN}-01`, 1],
    ['not sampled', `00-${ID}-${SPAN}-00`, 0],
    ['of a random id', `00-${ID}-${SPAN}-03`, 3],
    ['with flags that nobody knows', `00-${ID}-${SPAN}-ff`, 3],
    ['of a version to come', `cc-${ID}-${SPAN}-01`, 1],
    ['of a version to come with more', `cc-${ID}-${SPAN}-01-what-the-future-will-be-like`, 1],
  ])('%s is read', (_what, field, flags) => {
    expect(readTraceParent(field)).toEqual({ id: ID, parent: SPAN, flags });
  });

  test.each([
    '',
    'nonsense',
    `00-${ID}-${SPAN}`,
    `00-${ID}-${SPAN}-01-more`,
    `00-${ID.toUpperCase()}-${SPAN}-01`,
    `00-${'0'.repeat(32)}-${SPAN}-01`,
    `00-${ID}-${'0'.repeat(16)}-01`,
    `ff-${ID}-${SPAN}-01`,
    `cc-${ID}-${SPAN}-01.more`,
    `00-${ID}-${SPAN}-1`,
    `00-${ID}x-${SPAN}-01`,
    `00-${ID}-${SPAN}-01, 00-${ID}-${SPAN}-01`,
  ])('%j is none', (field) => expect(readTraceParent(field)).toBe(undefined));

  test('what is written is read as the same', () => {
    expect(traceParent({ id: ID, flags: 1 }, SPAN)).toBe(`00-${ID}-${SPAN}-01`);
  });
});

describe('X-Amzn-Trace-Id', () => {
  const root = '1-4bf92f35-77b34da6a3ce929d0e0e4736';

  test('of a service, and of a load balancer that leaves it to others whether it is sampled', () => {
    expect(readXray(`Root=${root};Parent=${SPAN};Sampled=1`)).toEqual({
      id: ID,
      parent: SPAN,
      sampled: true,
    });
    expect(readXray(` Sampled=0; Parent=${SPAN} ;Root=${root};Lineage=a:1`)).toEqual({
      id: ID,
      parent: SPAN,
      sampled: false,
    });
    expect(readXray(`Root=${root}`)).toEqual({ id: ID, parent: undefined, sampled: undefined });
    expect(readXray(`Root=${root};Sampled=?`)).toMatchObject({ sampled: undefined });
  });

  test.each(['', 'Root=1-2-3', `Root=2${root.slice(1)}`, `Parent=${SPAN}`])('%j is none', (field) =>
    expect(readXray(field)).toBe(undefined),
  );

  test('is written with the same id', () => {
    expect(xrayField({ id: ID, flags: 3 }, SPAN)).toBe(`Root=${root};Parent=${SPAN};Sampled=1`);
    expect(xrayField({ id: ID, flags: 2 }, SPAN)).toMatch(/Sampled=0$/);
  });
});

test('ids are never the same, have their lengths, and with X-Ray begin with the time', () => {
  const ids = randomIds();
  const traces = Array.from({ length: 2_000 }, () => ids.trace());
  const spans = Array.from({ length: 2_000 }, () => ids.span());
  expect(new Set(traces).size).toBe(2_000);
  expect(new Set(spans).size).toBe(2_000);
  for (const id of traces) expect(id).toMatch(/^[\da-f]{32}$/);
  for (const id of spans) expect(id).toMatch(/^[\da-f]{16}$/);
  expect(ids.trace(0x5759e988)).toMatch(/^5759e988[\da-f]{24}$/);
});

test.each([
  ['192.0.2.7', '192.0.2.0/24'],
  ['2001:db8:1234:5678::1', '2001:db8:1234::/48'],
  ['2001:db8::1', '2001:db8:0::/48'],
  ['::1', '0:0:0::/48'],
  ['fe80::1%eth0', 'fe80:0:0::/48'],
  ['unknown', undefined],
])('the network of %s is %s', (address, network) => {
  expect(clientShown(address, 'network')).toBe(network);
  expect(clientShown(address, 'address')).toBe(address);
  expect(clientShown(address, 'none')).toBe(undefined);
});
