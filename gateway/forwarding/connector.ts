import { buildConnector } from 'undici';
import type { UpstreamOptions } from './forwarder.ts';
import type { Origin } from './origin.ts';

/** Milliseconds before a connection is tried again: at least, and what chance adds. */
const PAUSE = 20;
const JITTER = 30;

/**
 * Makes connections to an upstream, and tries once more where one was never made, if `mayRetry` says so. Nothing has
 * been sent then and no body been read, so that this does no harm to any request, a write included.
 */
export function connectorOf(
  { secure, socketPath, tls }: Origin,
  {
    connectTimeout,
    mayRetry = () => true,
    onConnect,
  }: Pick<UpstreamOptions, 'connectTimeout' | 'mayRetry' | 'onConnect'>,
  more: buildConnector.BuildOptions = {},
): buildConnector.connector {
  const dial = buildConnector({
    ...more,
    ...tls,
    timeout: connectTimeout ?? 0,
    allowH2: false,
    ...(socketPath === undefined ? {} : { socketPath }),
  });
  // The certificate is the upstream's, though Host stays the client's.
  const connect: buildConnector.connector = (where, callback) => {
    const began = performance.now();
    dial(secure ? { ...where, servername: tls.servername! } : where, (...result) => {
      if (result[0] === null) onConnect?.(performance.now() - began);
      callback(...result);
    });
  };
  return (where, callback) =>
    connect(where, (...result) => {
      if (result[0] === null || gaveUp(result[0]) || !mayRetry()) return callback(...result);
      setTimeout(() => connect(where, callback), PAUSE + Math.random() * JITTER);
    });
}

/** The kernel has tried for two minutes, over and over. */
function gaveUp({ code }: Error & { code?: string }): boolean {
  return code === 'ETIMEDOUT';
}
