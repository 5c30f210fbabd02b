import { together } from '../together.ts';
import { requestFields } from '../fields.ts';
import { hasBody, type Exchange, type Forwarder, type Outcome, type UpstreamOptions } from '../forwarder.ts';
import { originOf } from '../origin.ts';
import { Carried } from './carried.ts';
import { ConnectionPool } from './connection-pool.ts';
import { requestText } from './request-text.ts';

/** Longest body that goes out with its head, in bytes: what Node writes at once without another copy. */
const SMALL = 16 * 1024;

/**
 * Exchanges whose request has no body, or a small one that came whole with its head, over bare sockets: request and
 * answer are one write each. All others are `others`'s.
 */
export function socketForwarder(options: UpstreamOptions, others: Forwarder): Forwarder {
  const { rules } = options;
  const { url } = originOf(options);
  const pool = new ConnectionPool(options);
  const { host } = new URL(url);
  const carry = (exchange: Exchange, body: string, resolve: (outcome: Outcome) => void) => {
    const { request, path, edits } = exchange;
    try {
      const fields = requestFields(request, rules, edits?.request);
      const text =
        requestText(
          request,
          path,
          fields,
          request.headers.host === undefined && rules?.host === undefined ? host : undefined,
        ) + body;
      pool.send(new Carried(exchange, text, options, pool, resolve));
    } catch (cause) {
      resolve({
        ok: false,
        failure: { side: 'upstream', phase: 'connect', late: false, stale: false, cause: cause as Error },
      });
    }
  };
  return {
    forward: (exchange) =>
      new Promise((resolve) => {
        const { request } = exchange;
        if (!hasBody(request)) return carry(exchange, '', resolve);
        const length = Number(request.headers['content-length']);
        if (!(length <= SMALL)) return resolve(others.forward(exchange));
        // The parser hands out what came with the head when this has returned.
        process.nextTick(() => {
          const whole = request.readableFlowing === null && request.readableLength === length;
          if (!whole) return resolve(others.forward(exchange));
          const body = request.read() as Buffer;
          carry(exchange, body.toString('latin1'), resolve);
        });
      }),
    connections: () => together(pool.connections(), others.connections()),
    close: async () => void (await Promise.all([pool.close(), others.close()])),
  };
}
