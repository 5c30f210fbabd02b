import type { Config } from '../../../contexts/index.ts';
import { configOf } from '../../contexts/sample.ts';
import { freshFolder } from './gateway.ts';

/** A monolith and an inventory service, each with these fields of its protection, and with more fields of the context. */
export async function protectedShop(
  urls: { monolith: string; inventory: string },
  {
    monolith = '',
    inventory = '',
    context = '',
  }: { monolith?: string; inventory?: string; context?: string },
): Promise<Config> {
  const upstream = (url: string, fields: string) => `{ url: ${url}${fields && `, ${fields}`} }`;
  return configOf(`
gateway: { listen: '127.0.0.1:0', ops: '127.0.0.1:0', stateDir: ${JSON.stringify(await freshFolder())} }
upstreams:
  monolith: ${upstream(urls.monolith, monolith)}
  inventory: ${upstream(urls.inventory, inventory)}
contexts:
  inventory:
    upstream: inventory
    routes: ['* /inventory/:sku']
    ${context}
`);
}
