import { Agent, request as httpRequest, type IncomingMessage } from 'node:http';
import { Agent as TlsAgent, request as httpsRequest } from 'node:https';
import type { UpstreamOptions } from '../forwarding/forwarder.ts';
import { originOf } from '../forwarding/origin.ts';
import { readCaller, type Caller } from './caller.ts';

/** Asks the monolith who is calling, over connections of its own. */
export interface Asker {
  /** Never rejects. */
  ask(fields: Readonly<Record<string, string>>): Promise<Caller>;
  close(): void;
}

export interface AskerOptions extends Pick<UpstreamOptions, 'url' | 'tls'> {
  readonly path: string;
  /** Milliseconds for a whole answer, the wait for a connection included. */
  readonly timeout: number;
  /** Questions under way at a time. */
  readonly concurrency: number;
}

/** Questions that may be asked or wait, as a multiple of those under way. */
const WAITING = 9;
/** Of an answer, in bytes: what it says goes in a field, and Node.js takes 16 KiB of them. */
const LONGEST = 8 * 1024;

export function openAsker({ path, timeout, concurrency, ...where }: AskerOptions): Asker {
  const { secure, host, port, socketPath, tls } = originOf(where);
  const send = secure ? httpsRequest : httpRequest;
  const pool = { keepAlive: true, maxSockets: concurrency, maxFreeSockets: concurrency };
  const agent = secure ? new TlsAgent({ ...pool, ...tls }) : new Agent(pool);
  let pending = 0;

  const once = (
    headers: Readonly<Record<string, string>>,
    signal: AbortSignal,
    again: boolean,
  ): Promise<Caller> =>
    new Promise((resolve) => {
      // The second time over a connection of its own: others that were kept may be closed, too.
      const by = again ? { agent } : { agent: false as const, ...tls };
      const outgoing = send(
        { ...by, host, port, socketPath, path, headers: { ...headers }, signal },
        (answer) => void read(answer).then(resolve, fail),
      );
      const fail = (error: Error) => {
        // The monolith had closed a connection that was kept: it hasn't read the question.
        if (again && outgoing.reusedSocket && (error as { code?: string }).code === 'ECONNRESET')
          return resolve(once(headers, signal, false));
        const late = signal.aborted;
        resolve({
          kind: 'failed',
          how: late ? 'late' : 'connection',
          why: late ? `no answer within ${timeout} ms` : error.message,
        });
      };
      outgoing.on('error', fail);
      outgoing.end();
    });

  return {
    async ask(fields) {
      if (pending >= concurrency * WAITING)
        return { kind: 'failed', how: 'full', why: `${pending} questions are under way or wait already` };
      pending += 1;
      try {
        return await once(fields, AbortSignal.timeout(timeout), true);
      } finally {
        pending -= 1;
      }
    },
    close: () => agent.destroy(),
  };
}

async function read(answer: IncomingMessage): Promise<Caller> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of answer as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > LONGEST)
      return { kind: 'failed', how: 'wrong', why: `its answer has more than ${LONGEST} bytes` };
    chunks.push(chunk);
  }
  return readCaller(answer.statusCode!, Buffer.concat(chunks).toString('utf8'));
}
