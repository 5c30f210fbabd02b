/** What most answers have. Each is known as it stands here and in lower case. */
const COMMON = [
  'Accept-Ranges',
  'Access-Control-Allow-Origin',
  'Age',
  'Cache-Control',
  'Connection',
  'Content-Encoding',
  'Content-Length',
  'Content-Type',
  'Date',
  'ETag',
  'Expires',
  'Keep-Alive',
  'Last-Modified',
  'Location',
  'Pragma',
  'Server',
  'Set-Cookie',
  'Strict-Transport-Security',
  'Transfer-Encoding',
  'Vary',
  'Via',
  'X-Content-Type-Options',
  'X-Frame-Options',
  'X-Powered-By',
  'X-Request-Id',
];

interface Known {
  readonly text: string;
  readonly bytes: Buffer;
}

/** By length. */
const KNOWN: Known[][] = [];
for (const text of COMMON.flatMap((name) => [name, name.toLowerCase()]))
  (KNOWN[text.length] ??= []).push({ text, bytes: Buffer.from(text) });

/**
 * The name of a field as text. Nearly all are among a few: comparing their bytes costs a fraction of what Node takes
 * to make a text of a buffer.
 */
export function nameText(name: string | Buffer): string {
  if (typeof name === 'string') return name;
  const candidates = KNOWN[name.length];
  if (candidates !== undefined)
    for (let index = 0; index < candidates.length; index += 1) {
      const { text, bytes } = candidates[index]!;
      if (same(name, bytes)) return text;
    }
  return name.toString('latin1');
}

/** Compared from the end: beginnings such as `Content-` are shared. */
function same(one: Buffer, other: Buffer): boolean {
  for (let at = one.length - 1; at >= 0; at -= 1) if (one[at] !== other[at]) return false;
  return true;
}
