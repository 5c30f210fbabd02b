import { request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';
import type { HealthPolicy } from '../../contexts/index.ts';
import type { UpstreamOptions } from '../forwarding/forwarder.ts';
import { originOf } from '../forwarding/origin.ts';

/**
 * Sends `GET path` to an upstream again and again, each time over a connection of its own, and tells how it went:
 * undefined for a status of 2xx or 3xx within the time, else why not. Returns what ends it.
 */
export function startHealthChecks(
  upstream: Pick<UpstreamOptions, 'url' | 'tls'>,
  { path, every, timeout }: HealthPolicy,
  checked: (failure: string | undefined) => void,
): () => void {
  const { secure, host, port, socketPath, tls } = originOf(upstream);
  const send = secure ? httpsRequest : httpRequest;
  const ended = new AbortController();
  const check = () => {
    const signal = AbortSignal.any([ended.signal, AbortSignal.timeout(timeout)]);
    const told = once((failure: string | undefined) => {
      if (!ended.signal.aborted) checked(failure);
    });
    const outgoing = send(
      {
        agent: false,
        ...{ host, port, socketPath, path },
        ...tls,
        headers: { 'user-agent': 'banyan-health-check' },
        signal,
      },
      (answer) => {
        const status = answer.statusCode!;
        told(status >= 200 && status < 400 ? undefined : `it answered ${status}`);
        // What it says besides is of no interest, and may be endless.
        answer.on('error', () => {});
        answer.destroy();
      },
    );
    outgoing.on('error', (error) =>
      told(error.name === 'AbortError' ? `no answer within ${timeout} ms` : error.message),
    );
    outgoing.end();
  };
  const timer = setInterval(check, every);
  check();
  return () => {
    clearInterval(timer);
    ended.abort();
  };
}

function once<T>(tell: (value: T) => void): (value: T) => void {
  let told = false;
  return (value) => {
    if (!told) tell(value);
    told = true;
  };
}
