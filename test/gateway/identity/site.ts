import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createRemoteJWKSet, jwtVerify } from 'jose';
import type { Config } from '../../../contexts/index.ts';
import { configOf } from '../../contexts/sample.ts';
import { memorySource, type MemorySource } from '../../support/memory-source.ts';
import { send, type Answer } from '../support/client.ts';
import { freshFolder, started, type Started } from '../support/gateway.ts';
import { startUpstream, type Seen, type TestUpstream } from '../support/upstream.ts';
import { identityKey } from './keys.ts';

/** A monolith with sessions of its own. */
export interface Monolith extends TestUpstream {
  /** Users by session. */
  readonly sessions: Map<string, string>;
  /** Answers the questions, where it is set. */
  answer?: ((request: IncomingMessage, response: ServerResponse) => void) | undefined;
  /** The questions that it got. */
  questions(): Seen[];
}

const sessionOf = ({ headers }: IncomingMessage): string | undefined =>
  /(?:^|;\s*)session=([^;]*)/.exec(headers.cookie ?? '')?.[1];

export async function startMonolith(): Promise<Monolith> {
  const sessions = new Map<string, string>();
  const upstream = await startUpstream('monolith', (request, response, body) => {
    const session = sessionOf(request);
    const user = session === undefined ? undefined : sessions.get(session);
    const end = () => session !== undefined && sessions.delete(session);
    const fresh = randomUUID();
    switch (request.url) {
      case '/whoami':
        if (monolith.answer) return monolith.answer(request, response);
        if (user === undefined) return void response.writeHead(204).end();
        return void response.end(JSON.stringify({ sub: user, role: `role of ${user}`, secret: 'kept' }));
      case '/login':
        end();
        sessions.set(fresh, body);
        return void response.writeHead(303, { location: '/', 'set-cookie': `session=${fresh}` }).end();
      case '/logout':
        // As PHP does it: the session is gone, and nobody tells the browser.
        end();
        return void response.end('bye');
      case '/leave':
        end();
        return void response.writeHead(200, { 'set-cookie': 'session=; Max-Age=0' }).end('bye');
      case '/renew':
        return void response.writeHead(200, { 'set-cookie': `session=${session}; Max-Age=600` }).end('ok');
      default:
        response.end(`monolith for ${user ?? 'nobody'}`);
    }
  });
  const monolith: Monolith = {
    ...upstream,
    sessions,
    questions: () => upstream.seen.filter(({ target }) => target === '/whoami'),
  };
  return monolith;
}

export interface Service extends TestUpstream {
  /** Where the keys are; known once a gateway is there. */
  keys: URL | undefined;
  readonly refused: string[];
}

/** An extracted service that believes the gateway's tokens, and nothing else. */
export async function startService(): Promise<Service> {
  let known: ReturnType<typeof createRemoteJWKSet> | undefined;
  const refused: string[] = [];
  const upstream = await startUpstream('service', (request, response) => {
    const token = request.headers['x-banyan-identity'];
    if (token === undefined) return void response.end('service for nobody');
    known ??= createRemoteJWKSet(service.keys!);
    jwtVerify(String(token), known, { issuer: 'banyan', audience: 'inventory' }).then(
      ({ payload }) => response.end(`service for ${payload.sub}`),
      (error: Error) => {
        refused.push(error.message);
        response.writeHead(401).end(error.message);
      },
    );
  });
  const service: Service = { ...upstream, keys: undefined, refused };
  return service;
}

export interface Site {
  readonly monolith: Monolith;
  readonly service: Service;
  readonly source: MemorySource;
  readonly gateway: Started;
  readonly config: Config;
  get(cookie?: string, target?: string): Promise<Answer>;
}

export interface SiteOptions {
  /** Fields of `gateway.identity`, of the context's `identity`, of its upstream, of the file, besides the usual ones. */
  readonly identity?: string;
  /** Of a question; long unless given, since the machine may be busy. */
  readonly timeout?: string;
  readonly context?: string;
  readonly upstream?: string;
  readonly more?: string;
  readonly keys?: readonly string[];
  readonly stages?: Parameters<typeof memorySource>[0];
}

export const EXTRACTED = { inventory: { reads: { stage: 'extracted' } } } as const;

export async function siteConfig(
  { monolith, service }: { readonly monolith: { url: string }; readonly service: { url: string } },
  {
    identity = '',
    timeout = '60s',
    context = '{}',
    upstream = '',
    more = '',
    keys = [identityKey('first')],
  }: SiteOptions = {},
): Promise<Config> {
  return configOf(`
gateway:
  listen: 127.0.0.1:0
  ops: 127.0.0.1:0
  stateDir: ${JSON.stringify(await freshFolder())}
  identity:
    path: /whoami
    cookies: [session]
    keys: ${JSON.stringify(keys)}
    changedBy: ['POST /logout']
    timeout: ${timeout}
    ${identity}
upstreams:
  monolith: { url: ${monolith.url} }
  inventory: { url: ${service.url}${upstream && `, ${upstream}`} }
contexts:
  inventory:
    upstream: inventory
    routes: [GET /inventory/:sku, { match: POST /inventory/:sku, maxBody: 1MiB }]
    identity: ${context}
${more}
`);
}

export async function startSite(options: SiteOptions = {}): Promise<Site> {
  const monolith = await startMonolith();
  const service = await startService();
  const config = await siteConfig({ monolith, service }, options);
  const source = memorySource(options.stages ?? EXTRACTED);
  const gateway = await started(config, source);
  service.keys = new URL('/.well-known/jwks.json', gateway.opsUrl);
  return {
    ...{ monolith, service, source, gateway, config },
    get: (cookie, target = '/inventory/a') =>
      send(gateway.url, target, cookie === undefined ? {} : { headers: { cookie } }),
  };
}
