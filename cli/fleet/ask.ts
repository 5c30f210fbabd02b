import { request as httpRequest } from 'node:http';

export interface Asked {
  readonly status: number;
  readonly body: unknown;
}

/**
 * One exchange in JSON over plain HTTP, or a rejection that says why there was none. By `node:http`, which is there at
 * once; `fetch` takes a tenth of a second to load.
 */
export function ask(
  url: string,
  {
    method = 'GET',
    body,
    token,
    timeout,
  }: { method?: string; body?: object; token?: string | undefined; timeout: number },
): Promise<Asked> {
  const text = body === undefined ? undefined : JSON.stringify(body);
  return new Promise((resolve, reject) => {
    const outgoing = httpRequest(
      url,
      {
        ...{ method, agent: false },
        headers: {
          accept: 'application/json',
          ...(text === undefined
            ? {}
            : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) }),
          ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
        },
      },
      (incoming) => {
        const chunks: Buffer[] = [];
        incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
        incoming.on('error', reject);
        incoming.on('end', () => {
          const answered = Buffer.concat(chunks).toString('utf8');
          resolve({ status: incoming.statusCode ?? 0, body: jsonOf(answered) ?? answered });
        });
      },
    );
    // Not before: what can't be sent at all, such as a token with a character that no field may have, throws.
    const timer = setTimeout(
      () => outgoing.destroy(new Error(`no answer within ${timeout / 1_000} s`)),
      timeout,
    );
    outgoing.on('error', reject);
    outgoing.on('close', () => clearTimeout(timer));
    outgoing.end(text);
  });
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text) ?? undefined;
  } catch {
    return undefined;
  }
}

/** Where an ops port is reached: one that listens on all addresses is reached on this host by its own. */
export function urlOf(ops: string): string {
  return `http://${ops.replace(/^0\.0\.0\.0:/, '127.0.0.1:').replace(/^\[::\]:/, '[::1]:')}`;
}

/** Why there was no answer; of a host with several addresses, why of each. */
export function describeFailure(error: unknown): string {
  const { message, errors } = error as AggregateError;
  return message || (errors ?? []).map(({ message: one }) => one).join(', ');
}
