import {
  createServer,
  type IncomingMessage,
  type Server,
  type ServerOptions,
  type ServerResponse,
} from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { Limits } from '../contexts/index.ts';
import { hasBody } from './forwarding/forwarder.ts';
import type { Certificate } from './listener-tls.ts';

/** Longer than the idle time of the load balancers that stand in front, so that they close first. Milliseconds. */
const KEEP_ALIVE = 75_000;

/** The server that clients reach, not listening yet; with a certificate over TLS. */
export function openListener(
  limits: Limits,
  certificate: Certificate | undefined,
  Response: typeof ServerResponse<IncomingMessage>,
): Server {
  const { headTimeout } = limits;
  const options: ServerOptions<typeof IncomingMessage, typeof ServerResponse<IncomingMessage>> = {
    ServerResponse: Response,
    // How long a body may take is measured by how it moves, not by its length.
    requestTimeout: 0,
    connectionsCheckingInterval: Math.min(headTimeout, 5_000),
    keepAliveTimeout: KEEP_ALIVE,
    // The gateway itself answers what has no Host, and tells of it.
    requireHostHeader: false,
    // A request without a body needs no stream that ends.
    optimizeEmptyRequests: true,
    shouldUpgradeCallback: isWebSocket,
  };
  const server: Server = certificate
    ? createTlsServer({
        ...options,
        ...certificate.options,
        ALPNProtocols: ['http/1.1'],
        handshakeTimeout: headTimeout,
      })
    : createServer(options);
  applyLimits(server, limits);
  return server;
}

/** From the next connection on. */
export function applyLimits(server: Server, { fields, headBytes, headTimeout }: Limits): void {
  // One more than may be is told from as many as may be.
  server.maxHeadersCount = fields + 1;
  server.headersTimeout = headTimeout;
  (server as Server & { maxHeaderSize: number }).maxHeaderSize = headBytes;
}

/** Every other upgrade is answered as a plain request, without Upgrade (RFC 9110 §7.8). */
function isWebSocket(request: IncomingMessage): boolean {
  const { method, headers, httpVersionMinor } = request;
  return (
    headers.upgrade?.toLowerCase() === 'websocket' &&
    method === 'GET' &&
    httpVersionMinor === 1 &&
    !hasBody(request)
  );
}
