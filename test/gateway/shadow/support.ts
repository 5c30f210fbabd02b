import type { IncomingMessage, ServerResponse } from 'node:http';
import type { ShadowOutcome, ShadowReport } from '../../../contexts/index.ts';
import type { Gateway } from '../../../gateway/start-gateway.ts';
import { configOf } from '../../contexts/sample.ts';
import { memorySource } from '../../support/memory-source.ts';
import { until } from '../../support/until.ts';
import { freshFolder, metric, started, type Started } from '../support/gateway.ts';

/** A gateway whose context `inventory` is in this stage; `shadow` as in the file. */
export async function shadowing(
  urls: { monolith: string; inventory: string },
  shadow: string,
  stage: 'shadow' | 'legacy' = 'shadow',
): Promise<Started> {
  const config = configOf(`
gateway: { listen: '127.0.0.1:0', ops: '127.0.0.1:0', stateDir: ${JSON.stringify(await freshFolder())} }
upstreams: { monolith: { url: '${urls.monolith}' }, inventory: { url: '${urls.inventory}' } }
contexts:
  inventory:
    upstream: inventory
    cohort: { cookie: sid }
    routes:
      - GET /inventory/:sku
      - POST /inventory/:sku
      - { match: 'GET /inventory/:sku/touch', kind: write }
      - { match: 'GET /stock/:sku', rewrite: '/v2/items/:sku' }
      - { match: 'GET /twice/:sku', repeatable: true }
    shadow: ${shadow}
`);
  return started(config, memorySource({ inventory: { reads: { stage } } }));
}

/** Answers with this as JSON. */
export const json =
  (value: unknown) =>
  (_request: IncomingMessage, response: ServerResponse): void =>
    void response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(value));

export async function countOf(gateway: Gateway, outcome: ShadowOutcome): Promise<number> {
  return (
    (await metric(gateway, `banyan_gateway_shadow_total{context="inventory",outcome="${outcome}"}`)) ?? 0
  );
}

/** Waits until so many samples have had this outcome. */
export const untilCounted = (gateway: Gateway, outcome: ShadowOutcome, count = 1): Promise<boolean> =>
  until(`${count} ${outcome}`, async () => (await countOf(gateway, outcome)) >= count);

export async function reportOf(gateway: Gateway): Promise<ShadowReport> {
  const answer = await fetch(`${gateway.opsUrl}/shadow`);
  const { contexts } = (await answer.json()) as { contexts: ShadowReport[] };
  return contexts[0]!;
}
