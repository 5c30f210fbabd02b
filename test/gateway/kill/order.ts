import type { KillAnswer } from '../../../contexts/index.ts';
import type { Gateway } from '../../../gateway/start-gateway.ts';

/** What `curl` would send to the ops port. */
export async function order(
  { opsUrl }: Pick<Gateway, 'opsUrl'>,
  path: '/kill' | '/kill/release',
  body: unknown,
  headers: Record<string, string> = { 'content-type': 'application/json' },
): Promise<{ status: number; answer: KillAnswer }> {
  const response = await fetch(`${opsUrl}${path}`, { method: 'POST', headers, body: JSON.stringify(body) });
  return { status: response.status, answer: (await response.json()) as KillAnswer };
}

export async function listed({ opsUrl }: Pick<Gateway, 'opsUrl'>): Promise<KillAnswer> {
  return (await (await fetch(`${opsUrl}/kill`)).json()) as KillAnswer;
}
