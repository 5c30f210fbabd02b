import { Agent, request } from 'node:http';
import type { Deed } from './deeds.ts';

export interface ReplayOptions {
  /** The gateway. */
  readonly url: string;
  readonly deeds: readonly Deed[];
  /** Most requests under way at once. */
  readonly inFlight: number;
  readonly onDone: () => void;
  readonly signal: AbortSignal;
}

/**
 * Posts each deed through the gateway, in date order as far as several at once allow it, and in date order
 * strictly for each customer: his next one goes out when his last one is answered. Returns what failed.
 */
export async function replay({ url, deeds, inFlight, onDone, signal }: ReplayOptions): Promise<string[]> {
  const agent = new Agent({ keepAlive: true, maxSockets: inFlight });
  const failures: string[] = [];
  const lastOf = new Map<number, Promise<void>>();
  const running = new Set<Promise<void>>();
  try {
    for (const deed of deeds) {
      signal.throwIfAborted();
      // A customer's waiting deeds count too, or the head of the list would run far ahead of its date.
      if (running.size >= 2 * inFlight) await Promise.race(running);
      const before = lastOf.get(deed.customer);
      const sending: Promise<void> = Promise.resolve(before)
        .then(() => post(agent, url, deed))
        .then(({ status, body }) => {
          if (status !== 201) failures.push(`${deed.kind} ${deed.id}: ${status} ${body.slice(0, 200)}`);
        })
        .catch((error: Error) => void failures.push(`${deed.kind} ${deed.id}: ${error.message}`))
        .finally(() => {
          running.delete(sending);
          if (lastOf.get(deed.customer) === sending) lastOf.delete(deed.customer);
          onDone();
        });
      lastOf.set(deed.customer, sending);
      running.add(sending);
    }
    await Promise.all(running);
    return failures;
  } finally {
    agent.destroy();
  }
}

function post(agent: Agent, url: string, deed: Deed): Promise<{ status: number; body: string }> {
  const body = Buffer.from(JSON.stringify(deed));
  return new Promise((resolve, reject) => {
    const sent = request(
      new URL(`/${deed.kind}s`, url),
      {
        agent,
        method: 'POST',
        headers: { 'content-type': 'application/json', 'content-length': body.length },
      },
      (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('end', () =>
          resolve({ status: response.statusCode ?? 0, body: Buffer.concat(chunks).toString() }),
        );
        response.on('error', reject);
      },
    );
    sent.on('error', reject);
    sent.end(body);
  });
}
