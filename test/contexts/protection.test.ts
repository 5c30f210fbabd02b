import { expect, it, test } from 'vitest';
import { parseConfig, protectionOf } from '../../contexts/index.ts';
import { configOf, SHOP } from './sample.ts';

const inventory = (fields: string) => SHOP.replace('timeout: 2s', fields);
const policyOf = (fields: string) => {
  const { upstreams } = configOf(inventory(fields));
  return protectionOf(upstreams['inventory']!, false);
};

test('an extracted service has time-outs, a breaker and a retry budget by default', () => {
  expect(policyOf('')).toEqual({
    connectTimeout: 2_000,
    timeout: 30_000,
    idleTimeout: 60_000,
    breaker: {
      failureRate: 50,
      window: 10_000,
      minimum: 20,
      consecutive: 5,
      openFor: 5_000,
      maxOpenFor: 60_000,
      probes: 3,
    },
    health: undefined,
    concurrency: undefined,
    retryBudget: 20,
  });
});

test('each can be set, and switched off', () => {
  expect(
    policyOf(
      'timeout: none, connectTimeout: 1s, idleTimeout: none, breaker: none, retryBudget: none, concurrency: 50',
    ),
  ).toEqual({
    connectTimeout: 1_000,
    timeout: undefined,
    idleTimeout: undefined,
    breaker: undefined,
    health: undefined,
    concurrency: 50,
    retryBudget: undefined,
  });
  expect(policyOf('health: { path: /healthz }').health).toEqual({
    path: '/healthz',
    every: 5_000,
    timeout: 2_000,
    failures: 3,
    passes: 2,
  });
});

test('connecting may take no longer than the answer', () => {
  expect(policyOf('timeout: 500ms')).toMatchObject({ timeout: 500, connectTimeout: 500 });
  expect(policyOf('timeout: 5s')).toMatchObject({ timeout: 5_000, connectTimeout: 2_000 });
  expect(policyOf('timeout: none')).toMatchObject({ timeout: undefined, connectTimeout: 2_000 });
});

test('the monolith has what is configured for it and nothing else', () => {
  const { upstreams } = configOf(
    SHOP.replace('http://127.0.0.1:3000', 'http://127.0.0.1:3000, concurrency: 300, timeout: 90s'),
  );
  expect(protectionOf(upstreams['monolith']!, true)).toEqual({
    connectTimeout: 90_000,
    timeout: 90_000,
    idleTimeout: undefined,
    breaker: undefined,
    health: undefined,
    concurrency: 300,
    retryBudget: undefined,
  });
});

it.each([
  ['breaker: { failureRate: 0 }', 'breaker.failureRate: found 0; required: a percentage above 0'],
  ['breaker: { failureRate: 101 }', 'breaker.failureRate: found 101; required: a percentage of at most 100'],
  ['breaker: { probes: 0 }', 'breaker.probes: found 0; required: at least 1'],
  ['breaker: { opens: 5s }', "breaker: unknown field 'opens'; remove or correct it"],
  ['breaker: on', "breaker: found 'on'; required: none, or a map"],
  [
    'breaker: { openFor: 2m }',
    'breaker.openFor: maxOpenFor (1m by default) must be at least openFor (2m): the time that a breaker stays open only grows',
  ],
  [
    'breaker: { openFor: 10s, maxOpenFor: 5s }',
    'breaker.maxOpenFor: maxOpenFor (5s) must be at least openFor (10s): the time that a breaker stays open only grows',
  ],
  ['health: {}', 'health.path: missing; required: a text'],
  [
    'health: { path: healthz }',
    "health.path: found 'healthz'; required: a path that begins with / and has no white space",
  ],
  [
    'health: { path: /healthz, every: 1s }',
    'health.every: every (1s) must be at least timeout (2s by default): a check must be over before the next one',
  ],
  ['concurrency: 0', 'concurrency: found 0; required: at least 1'],
  ['retryBudget: 120', 'retryBudget: found 120; required: at most 100'],
  [
    'idleTimeout: never',
    "idleTimeout: found 'never'; required: a length of time such as 250ms, 5s, 10m, 24h or 7d, or none",
  ],
])('%s is a mistake that says what is required', (fields, message) => {
  const parsed = parseConfig(inventory(fields), () => undefined);
  const found = parsed.ok ? [] : parsed.mistakes.map((mistake) => `${mistake.path}: ${mistake.message}`);
  expect(found).toEqual([`upstreams.inventory.${message}`]);
});
