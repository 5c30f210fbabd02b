import { expect, test } from 'vitest';
import { aggregateStreams, furtherStreams, parseConfig } from '../../contexts/index.ts';
import { configOf } from './sample.ts';

const file = (more: string) => `upstreams: { monolith: { url: http://h:1 }, s: { url: http://h:2 } }
${more}`;

test('the aggregate types of a context and its captures go to its stream, others to none of their own', () => {
  const config = configOf(
    file(`stream: { name: shop, region: eu-west-1, endpoint: http://k:1 }
streams: { shop-orders: {}, replays: { region: eu-west-2, endpoint: http://k:2 } }
contexts:
  orders: { upstream: s, routes: [GET /orders], stream: shop-orders, aggregates: [order] }
  stock: { upstream: s, routes: [GET /stock], aggregates: [item] }
  users: { upstream: s, routes: [GET /users], stream: shop, aggregates: [user] }
captures:
  refunds: { table: refunds, key: id, columns: [id], aggregate: refund, context: orders }
  carts: { table: carts, key: id, columns: [id], aggregate: cart }
`),
  );
  expect(aggregateStreams(config)).toEqual({ order: 'shop-orders', refund: 'shop-orders' });
  expect(furtherStreams(config)).toEqual([
    { name: 'shop-orders', region: 'eu-west-1', endpoint: 'http://k:1' },
    { name: 'replays', region: 'eu-west-2', endpoint: 'http://k:2' },
  ]);
});

test('streams that are not there, types of two contexts and contexts without types are mistakes', () => {
  const parsed = parseConfig(
    file(`stream: { name: shop }
streams: { shop: {} }
contexts:
  a: { upstream: s, routes: [GET /a], stream: nope, aggregates: [order, 'a:b'] }
  b: { upstream: s, routes: [GET /b], aggregates: [order] }
  c: { upstream: s, routes: [GET /c], stream: shop }
captures:
  orders: { table: orders, key: id, columns: [id], aggregate: order, context: c }
  items: { table: items, key: id, columns: [id], aggregate: item, context: b }
`),
    () => undefined,
  );
  expect(parsed.ok ? [] : parsed.mistakes.map(({ path, message }) => `${path}: ${message}`)).toEqual([
    "streams.shop: 'shop' is stream.name already; streams are those besides it",
    "contexts.a.stream: stream 'nope' is not defined; known streams: shop",
    "contexts.a.aggregates.1: found 'a:b'; required: an aggregate type without a colon",
    "contexts.b.aggregates.0: aggregate type 'order' belongs to context 'a' already; a type has one context",
    "captures.orders.aggregate: aggregate type 'order' belongs to context 'a' already; a type has one context",
  ]);
});

test('further streams need the one of all other events, and a context with a stream some types', () => {
  const parsed = parseConfig(
    file(`streams: { orders: {} }
contexts:
  a: { upstream: s, routes: [GET /a], stream: orders }
`),
    () => undefined,
  );
  expect(parsed.ok ? [] : parsed.mistakes.map(({ path }) => path)).toEqual(['streams', 'contexts.a.stream']);
});
