import { z } from 'zod';

const V4 = z.union([z.ipv4(), z.cidrv4()]);
const V6 = z.union([z.ipv6(), z.cidrv6()]);

/**
 * One address, or a block of addresses in CIDR notation (RFC 4632 §3.1, RFC 4291 §2.3): `10.0.0.0/8`, `::1/128`,
 * `192.0.2.7`. A block with bits beyond its prefix is a mistake: nobody can tell which of the two was meant.
 */
export const cidr = z
  .string()
  .refine((text) => familyOf(text) !== undefined, {
    message: 'an address, or a block in CIDR notation such as 10.0.0.0/8 or ::1/128',
    abort: true,
  })
  .refine((text) => !text.includes(':') || !text.includes('.'), {
    message: 'an IPv4 address in its own notation, such as 10.0.0.0/8',
    abort: true,
  })
  .refine(
    (text) => strayBits(text) === 0n,
    'a block whose address has no bits beyond the prefix, such as 10.0.0.0/8, or /32 (IPv6: /128) for one address',
  );

/** Whether the text is an address or block of IPv4 or IPv6; undefined for neither. */
function familyOf(text: string): 'ipv4' | 'ipv6' | undefined {
  if (V4.safeParse(text).success) return 'ipv4';
  return V6.safeParse(text).success ? 'ipv6' : undefined;
}

/** The bits of the address that the prefix leaves out. */
function strayBits(text: string): bigint {
  const [address = '', prefix] = text.split('/');
  const v6 = address.includes(':');
  const width = v6 ? 128 : 32;
  const free = BigInt(width - Number(prefix ?? width));
  return (v6 ? bitsOfV6(address) : bitsOfV4(address)) & ((1n << free) - 1n);
}

function bitsOfV4(address: string): bigint {
  return address.split('.').reduce((bits, part) => (bits << 8n) | BigInt(part), 0n);
}

function bitsOfV6(address: string): bigint {
  const [left = '', right = ''] = address.split('::');
  const groups = (text: string) => (text === '' ? [] : text.split(':'));
  const [before, after] = [groups(left), groups(right)];
  const between = Array.from({ length: 8 - before.length - after.length }, () => '0');
  return [...before, ...between, ...after].reduce((bits, part) => (bits << 16n) | BigInt(`0x${part}`), 0n);
}
