/**
 * Who an address is counted as: an IPv4 address is one client, and so is a /64 network of IPv6, of which one host has
 * every address (RFC 6177 §2).
 */
export function clientKey(address: string | undefined): string {
  if (address === undefined) return '';
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address);
  if (mapped) return mapped[1]!;
  if (!address.includes(':')) return address;
  const [front = '', back] = address.toLowerCase().split('%')[0]!.split('::');
  const groups = front === '' ? [] : front.split(':');
  const behind = back === undefined || back === '' ? [] : back.split(':');
  // An address that ends in IPv4 notation has two groups in one.
  const written = groups.length + behind.length + (/\./.test(address) ? 1 : 0);
  const gap = back === undefined ? [] : Array.from({ length: Math.max(0, 8 - written) }, () => '0');
  return [...groups, ...gap, ...behind]
    .slice(0, 4)
    .map((group) => group.replace(/^0+(?=.)/, ''))
    .join(':');
}
