/**
 * Who sits behind a client address: an IPv4 address as it is; of an IPv6 address the first 64 bits, since a client
 * chooses the others itself, and anew every day (RFC 8981). Undefined for what is no address.
 */
export function networkOf(address: string): string | undefined {
  const bare = address.replace(/^::ffff:(?=[\d.]+$)/i, '');
  if (isIPv4(bare)) return bare;
  const [text = ''] = bare.toLowerCase().split('%');
  const [left = '', right, ...more] = text.split('::');
  if (more.length > 0) return undefined;
  const before = groupsOf(left);
  const after = groupsOf(right ?? '');
  if (!before || !after) return undefined;
  const missing = 8 - before.length - after.length;
  if (right === undefined ? missing !== 0 : missing < 1) return undefined;
  const groups = [...before, ...Array<string>(right === undefined ? 0 : missing).fill('0'), ...after];
  return `${groups.slice(0, 4).join(':')}::/64`;
}

function isIPv4(text: string): boolean {
  const parts = text.split('.');
  return parts.length === 4 && parts.every((part) => /^\d{1,3}$/.test(part) && Number(part) <= 255);
}

/** The groups of 16 bits without leading zeros; an IPv4 tail counts for two, whatever it says. */
function groupsOf(text: string): string[] | undefined {
  if (text === '') return [];
  const groups: string[] = [];
  const parts = text.split(':');
  for (const [index, part] of parts.entries()) {
    if (index === parts.length - 1 && isIPv4(part)) groups.push('0', '0');
    else if (/^[0-9a-f]{1,4}$/.test(part)) groups.push(part.replace(/^0+(?=.)/, ''));
    else return undefined;
  }
  return groups;
}
