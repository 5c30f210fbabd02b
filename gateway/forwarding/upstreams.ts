import type { IncomingMessage } from 'node:http';
import { protectionOf, type Config } from '../../contexts/index.ts';
import type { Trust } from '../client-address.ts';
import { answerRules, hostFor } from './answer-rules.ts';
import type { Forwarder } from './forwarder.ts';
import { nodeForwarder } from './node-forwarder.ts';
import { undiciForwarder } from './undici-forwarder.ts';

/** One forwarder for each upstream of the config, by name. `mayRetry`: whether a connection may be tried again. */
export function openUpstreams(
  { upstreams, monolith }: Config,
  trust: Trust,
  mayRetry: (upstream: string) => boolean,
): Map<string, Forwarder> {
  const opened = new Map<string, Forwarder>();
  for (const [name, written] of Object.entries(upstreams)) {
    const { connectTimeout, timeout, idleTimeout } = protectionOf(written, name === monolith);
    const options = {
      url: written.url,
      tls: written.tls,
      connectTimeout,
      timeout,
      idleTimeout,
      mayRetry: () => mayRetry(name),
      rules: { trust, host: hostFor(written) },
      answers: answerRules(written),
    };
    const plain = undiciForwarder(options);
    const special = nodeForwarder(options);
    opened.set(name, {
      forward: (exchange) => (isSpecial(exchange.request, exchange.path) ? special : plain).forward(exchange),
      close: async () => void (await Promise.all([plain.close(), special.close()])),
    });
  }
  return opened;
}

/** Of these undici keeps a `Content-Length: 0`; from every other method it takes it away. */
const WITH_BODY = new Set(['POST', 'PUT', 'PATCH', 'QUERY', 'PROPFIND', 'PROPPATCH']);

/** What undici 8 doesn't carry as it is. */
function isSpecial({ method, headers }: IncomingMessage, path: string): boolean {
  return (
    headers.expect !== undefined ||
    (headers['content-length'] === '0' && !WITH_BODY.has(method!)) ||
    (headers.trailer !== undefined && headers['transfer-encoding'] !== undefined) ||
    path[0] !== '/'
  );
}
