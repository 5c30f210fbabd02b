import { expect, onTestFinished, test } from 'vitest';
import { memorySource } from '../support/memory-source.ts';
import { send } from './support/client.ts';
import { metric, shopConfig, started } from './support/gateway.ts';
import { startUpstream } from './support/upstream.ts';

test('several gateways listen on one port if they are told to, and each gets its part of the connections', async () => {
  const monolith = await startUpstream('monolith');
  const alone = await shopConfig({ monolith: monolith.url, inventory: monolith.url });
  const shared = { ...alone, gateway: { ...alone.gateway, reusePort: true } };
  const first = await started(shared, memorySource());
  const listen = new URL(first.url).host;
  const second = await started(shared, memorySource(), { listen, name: 'g2' });
  const served = async () => {
    await Promise.all(Array.from({ length: 20 }, () => send(first.url)));
    const count = 'banyan_gateway_requests_total{upstream="monolith",context="",kind="",status="2xx"}';
    return [await metric(first, count), await metric(second, count)];
  };
  let counts: (number | undefined)[] = [];
  for (let tries = 0; tries < 20 && !(counts[0] && counts[1]); tries += 1) counts = await served();
  expect(counts.every((count) => count! > 0)).toBe(true);
  await expect(started(alone, memorySource(), { listen, name: 'g3' })).rejects.toThrow(/EADDRINUSE/);
});

test('where processes can’t share a port, the gateway says so', async () => {
  const { platform } = process;
  Object.defineProperty(process, 'platform', { value: 'darwin' });
  onTestFinished(() => void Object.defineProperty(process, 'platform', { value: platform }));
  const config = await shopConfig({ monolith: 'http://127.0.0.1:1', inventory: 'http://127.0.0.1:1' });
  const shared = { ...config, gateway: { ...config.gateway, reusePort: true } };
  await expect(started(shared, memorySource())).rejects.toThrow(
    "on darwin processes can't share a port; remove reusePort, and give each a port of its own",
  );
});
