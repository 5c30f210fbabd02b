import type { IncomingMessage } from 'node:http';
import { protectionOf, type Config } from '../../contexts/index.ts';
import type { Trust } from '../client-address.ts';
import { answerRules, hostFor, type AnswerRules } from './answer-rules.ts';
import { together } from './together.ts';
import { hasBody, type Forwarder } from './forwarder.ts';
import { nodeForwarder } from './node-forwarder.ts';
import { socketForwarder } from './sockets/socket-forwarder.ts';
import { undiciForwarder } from './undici-forwarder.ts';

/** What is asked and told of an upstream's connections. */
export interface ConnectionListener {
  /** Whether a connection that was never made may be tried again. */
  mayRetry(upstream: string): boolean;
  /** One was made, in so many milliseconds. */
  onConnect(upstream: string, milliseconds: number): void;
  /** Sees the cookies that answers set. */
  readonly onSetCookie?: AnswerRules['seen'];
}

/** One forwarder for each upstream of the config, by name. */
export function openUpstreams(
  { upstreams, monolith }: Config,
  trust: Trust,
  { mayRetry, onConnect, onSetCookie }: ConnectionListener,
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
      onConnect: (milliseconds: number) => onConnect(name, milliseconds),
      rules: { trust, host: hostFor(written) },
      answers: answerRules(written, onSetCookie),
    };
    const plain = socketForwarder(options, undiciForwarder(options));
    const special = nodeForwarder(options);
    opened.set(name, {
      forward: (exchange) => (isSpecial(exchange.request, exchange.path) ? special : plain).forward(exchange),
      connections: () => together(plain.connections(), special.connections()),
      close: async () => void (await Promise.all([plain.close(), special.close()])),
    });
  }
  return opened;
}

/** What neither the sockets nor undici 8 carry as it is. */
function isSpecial(request: IncomingMessage, path: string): boolean {
  const { headers } = request;
  return (
    headers.expect !== undefined ||
    (headers.trailer !== undefined && headers['transfer-encoding'] !== undefined) ||
    (path[0] !== '/' && hasBody(request))
  );
}
