import { hash } from 'node:crypto';
import { processName } from '../contexts/index.ts';

/** What a table of the control plane holds of a name. */
const LONGEST = 64;

/**
 * A gateway's name when nobody gave one: `host:port`. A host name that is too long, or has characters that the
 * tables can't hold, is cut and told from others by a part of its hash: `a-long-host~1a2b3c4d:8080`.
 */
export function gatewayName(host: string, port: number): string {
  const plain = `${host}:${port}`;
  if (processName.safeParse(plain).success) return plain;
  const end = `~${hash('sha256', host).slice(0, 8)}:${port}`;
  const begin = host.replaceAll(/[^\x21-\x7e]/g, '-').slice(0, LONGEST - end.length);
  return `${begin}${end}`;
}
