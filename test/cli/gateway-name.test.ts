import { expect, test } from 'vitest';
import { gatewayName } from '../../cli/gateway-name.ts';

test('a gateway is called by its host and port', () => {
  expect(gatewayName('edge-1.example', 8080)).toBe('edge-1.example:8080');
});

test('a host name that is too long is cut, and told from another that begins the same', () => {
  const host = (end: string) => `${'a-very-long-name-of-a-host.'.repeat(3)}${end}`;
  const [one, two] = [gatewayName(host('one'), 8080), gatewayName(host('two'), 8080)];
  expect(one).toMatch(/^a-very-long-name-of-a-host\..*~[0-9a-f]{8}:8080$/);
  expect(one).toHaveLength(64);
  expect(one).not.toBe(two);
  expect(gatewayName(host('one'), 8080)).toBe(one);
});

test('a host name that the tables can’t hold gets one that they can', () => {
  expect(gatewayName('bücher host', 80)).toMatch(/^b-cher-host~[0-9a-f]{8}:80$/);
});
