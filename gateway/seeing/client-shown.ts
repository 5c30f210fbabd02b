import type { AccessLogConfig } from '../../contexts/index.ts';

/** The client's address as the access log may show it: one client's network is many people's, its address often one's. */
export function clientShown(address: string, how: AccessLogConfig['client']): string | undefined {
  if (how === 'address') return address;
  if (how === 'none') return undefined;
  if (/^[\d.]+$/.test(address)) return `${address.slice(0, address.lastIndexOf('.'))}.0/24`;
  if (!address.includes(':')) return undefined;
  const [front = ''] = address.split('%')[0]!.split('::');
  const groups = front === '' ? [] : front.split(':');
  const first = [0, 1, 2].map((index) => groups[index]?.replace(/^0+(?=.)/, '') ?? '0');
  return `${first.join(':')}::/48`;
}
