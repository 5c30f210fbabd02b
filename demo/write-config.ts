import { writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';

export interface Places {
  readonly gateway: string;
  readonly gatewayOps: string;
  readonly admin: string;
  readonly controlOps: string;
  readonly relayOps: string;
  readonly monolith: string;
  readonly inventory: string;
  readonly outboxDatabase: string;
  readonly controlDatabase: string;
  readonly stateDir: string;
  /** A file of `banyan identity key`. */
  readonly identityKey: string;
  readonly redis: string;
  readonly stream: string;
  readonly streamEndpoint: string;
  readonly operatorToken: string;
  readonly serviceToken: string;
  /** Of the context, where users are to see their own writes. */
  readonly afterWrite?: string | undefined;
  readonly maxLag?: string | undefined;
}

/** Writes the demo's `banyan.yaml`: a whole one, as an operator would. */
export async function writeConfig(file: string, places: Places): Promise<void> {
  const translate = fileURLToPath(new URL('./shop/translate-catalogue.ts', import.meta.url));
  await writeFile(
    file,
    `gateway:
  listen: ${places.gateway}
  ops: ${places.gatewayOps}
  stateDir: ${places.stateDir}
  identity: # whose session it is, the shop says; the service gets a signed token
    path: /banyan/identity
    cookies: [shop_session]
    changedBy: [POST /login, POST /logout]
    keys: ['\${file:${places.identityKey}}']

upstreams:
  monolith: { url: 'http://${places.monolith}' }
  inventory: { url: 'http://${places.inventory}' }

contexts:
  inventory:
    upstream: inventory
    cohort: { cookie: sid } # the shop names every browser so, from its first page on
    routes:
      - GET /inventory/:sku # and /inventory/live, a WebSocket
    identity: { claims: [name, role] }
    shadow: { sample: 1, ignore: [$.served_by] } # each side says its name
    events: [StockAdjusted, PriceChanged]
    consumer: inventory
${ownWrites(places)}
control:
  admin: ${places.admin}
  ops: ${places.controlOps}
  store: mysql
  database: ${places.controlDatabase}
  tokens:
    - { owner: operator, token: ${places.operatorToken} }
    - { owner: inventory-service, token: ${places.serviceToken} }

redis: ${places.redis}

outbox:
  database: ${places.outboxDatabase}

stream:
  name: ${places.stream}
  endpoint: ${places.streamEndpoint}

relay:
  ops: ${places.relayOps}
  poll: 25ms

captures:
  catalogue: # the shop's price changes are plain SQL; triggers tell of them
    table: products
    key: sku
    columns: [sku, price]
    aggregate: product
    context: inventory
    translate: ${translate}
`,
  );
}

function ownWrites({ afterWrite, maxLag }: Places): string {
  return [
    ...(afterWrite === undefined ? [] : [`    afterWrite: ${afterWrite}\n`]),
    ...(maxLag === undefined ? [] : [`    maxLag: ${maxLag}\n`]),
  ].join('');
}
