/** Numbers between 0 and 1 that are the same in every run (mulberry32). */
export function chance(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

export function pick<T>(random: () => number, from: readonly T[]): T {
  return from[Math.floor(random() * from.length)]!;
}

const STATUS_LINES = [
  ...Array.from({ length: 12 }, () => 'HTTP/1.1 200 OK\r\n'),
  ...['HTTP/1.0 200 OK\r\n', 'HTTP/1.1 204 No Content\r\n', 'HTTP/1.1 304 \r\n', 'HTTP/1.1 404\r\n'],
  ...[
    'HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\n',
    'HTTP/1.1 103 E\r\nLink: </a>\r\n\r\nHTTP/1.1 201 \r\n',
  ],
  ...[
    'HTTP/1.1 2000 OK\r\n',
    'HTTP/1.1 20 OK\r\n',
    'HTTP/1.1 200 OK\n',
    'HTTP/1.1  200 OK\r\n',
    '\r\nHTTP/1.1 200 OK\r\n',
  ],
  ...[
    'HTTP/1.1 200 O\x01K\r\n',
    'HTTP/1.1 200 OK\r\r\n',
    'HTTP/1.2 200 OK\r\n',
    'HTP/1.1 200 OK\r\n',
    'HTTP/1.1 600 X\r\n',
  ],
];
const FIELDS = [
  ...[
    'Date: now\r\n',
    'X-A:b\r\n',
    'X-Empty:\r\n',
    'Set-Cookie: a=1\r\n',
    'X-Tab:\ta\tb \r\n',
    'X-High: \xe4\r\n',
  ],
  ...['Connection: close\r\n', 'Connection: keep-alive\r\n', 'Keep-Alive: timeout=5\r\n'],
];
const BAD_FIELDS = [
  ...[
    'A : b\r\n',
    ': b\r\n',
    'A\r\n',
    'A: b\n',
    'A: b\rC: d\r\n',
    'A: b\r\n c\r\n',
    'A: \0\r\n',
    'A B: c\r\n',
    ' A: b\r\n',
  ],
  ...[
    'Content-Length: 5\r\n',
    'Content-Length: x\r\n',
    'Transfer-Encoding: chunked\r\n',
    'Transfer-Encoding: gzip\r\n',
  ],
];
const LENGTHS = [
  '5',
  '0',
  '5',
  ' 5 ',
  '05',
  '+5',
  '-5',
  '5,5',
  '5 5',
  '',
  '0x5',
  '99999999999999999999',
  '\t5',
];
const CODINGS = [
  'chunked',
  'chunked',
  'Chunked',
  'chunked ',
  'gzip, chunked',
  'chunked, gzip',
  'xchunked',
  'identity',
  'chunked, chunked',
];
const CHUNKS = [
  ...[
    '5\r\nhello\r\n',
    '5\r\nhello\r\n',
    '1\r\nx\r\n',
    '0A\r\n0123456789\r\n',
    '3;a=b\r\nabc\r\n',
    '3;a="b;\\"c"\r\nabc\r\n',
  ],
  ...[
    '5\nhello\r\n',
    '5\r\nhello\n',
    '5\r\nhell\r\n',
    '5\r\nhelloo\r\n',
    'g\r\nx\r\n',
    '\r\n',
    '-1\r\nx\r\n',
    '5 \r\nhello\r\n',
  ],
  ...[
    '3;\r\nabc\r\n',
    '3; a\r\nabc\r\n',
    '3;a=\x01\r\nabc\r\n',
    '3;a b\r\nabc\r\n',
    '0x3\r\nabc\r\n',
    '3\t\r\nabc\r\n',
  ],
];
const LAST = [
  '0\r\n\r\n',
  '0\r\n\r\n',
  '0\r\nX-T: 1\r\n\r\n',
  '000\r\n\r\n',
  '0;a\r\n\r\n',
  '0\r\nX-T : 1\r\n\r\n',
  '0\r\n\n',
  '0\n\r\n',
  '0\r\nX\r\n\r\n',
  '',
];
const MORE = ['', '', '', '', 'HTTP/1.1 200 OK\r\n\r\nstolen', 'x', '\r\n'];

/** An answer of pieces that fit together more or less, as bytes in latin1. */
export function generated(random: () => number): string {
  let text = pick(random, STATUS_LINES);
  for (let count = Math.floor(random() * 4); count > 0; count -= 1) text += pick(random, FIELDS);
  if (random() < 0.15) text += pick(random, BAD_FIELDS);
  const kind = random();
  let body = 'hello';
  if (kind < 0.4) text += `Content-Length:${pick(random, ['', ' '])}${pick(random, LENGTHS)}\r\n`;
  else if (kind < 0.85) {
    text += `Transfer-Encoding: ${pick(random, CODINGS)}\r\n`;
    body = '';
    for (let count = Math.floor(random() * 3); count > 0; count -= 1)
      body += random() < 0.8 ? CHUNKS[Math.floor(random() * 6)]! : pick(random, CHUNKS);
    body += random() < 0.7 ? LAST[0]! : pick(random, LAST);
  }
  text += `\r\n${body}${pick(random, MORE)}`;
  if (random() < 0.1) text = text.slice(0, Math.floor(random() * text.length));
  return random() < 0.1 ? mutated(random, text) : text;
}

/** The same bytes but for some: others, more, or fewer. */
export function mutated(random: () => number, text: string): string {
  let result = text;
  for (let count = 1 + Math.floor(random() * 3); count > 0; count -= 1) {
    const at = Math.floor(random() * (result.length + 1));
    const byte =
      random() < 0.5
        ? pick(random, [...'\r\n\0 \t:;,"0aF'])
        : String.fromCharCode(Math.floor(random() * 256));
    const kept = random() < 0.5 ? at : at + 1;
    result = result.slice(0, at) + (random() < 0.3 ? '' : byte) + result.slice(kept);
  }
  return result;
}

/** Cut at random places. */
export function pieces(random: () => number, text: string): string[] {
  const cut: string[] = [];
  for (let at = 0; at < text.length;) {
    const size = 1 + Math.floor(random() * random() * text.length);
    cut.push(text.slice(at, at + size));
    at += size;
  }
  return cut;
}
