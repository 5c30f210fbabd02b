import type { KnownFailures } from './page.ts';

const sawNothing = (...names: string[]): Record<string, string> =>
  Object.fromEntries(
    names.flatMap((name) => [
      [name.replace('[', '[alone'), 'came: nothing'],
      [name.replace('[', '[behind'), 'came: GET /before'],
    ]),
  );

/** Runs of llhttp's requests in which the gateway does something else than their log says, on purpose. */
export const REQUESTS: readonly KnownFailures[] = [
  {
    why: '`CONNECT` asks for a tunnel to any host, which the gateway is not there for: nothing of it reaches an upstream.',
    saw: sawNothing(
      'method.md: CONNECT request []',
      'method.md: CONNECT request with CAPS []',
      'method.md: CONNECT with body []',
      'uri.md: Underscore in hostname []',
    ),
  },
  {
    why: 'A request without a version is HTTP/0.9: 505, since its client could not read the head of an answer (RFC 9112 knows no such form any more).',
    saw: sawNothing('sample.md: No HTTP version [, with Host]'),
  },
  {
    why: 'A coding before `chunked` is refused with 501: two servers in a row may not agree on what it means.',
    saw: sawNothing(
      'transfer-encoding.md: POST with `chunked` as last transfer-encoding [, with Host]',
      'transfer-encoding.md: POST with `chunked` as last transfer-encoding (multiple headers) [, with Host]',
    ),
  },
  {
    why: 'Raw bytes in a target are the monolith’s to judge, where the parser has nothing else against the request and it is alone: [0006](decisions/0006-what-nodes-parser-refuses.md).',
    saw: {
      'uri.md: Disallow UTF-8 in URI path in strict mode [alone]':
        'came: GET /\u00ce\u00b4\u00c2\u00b6/\u00ce\u00b4t/pope?q=1#narf',
    },
  },
];

/** The same for responses. */
export const RESPONSES: readonly KnownFailures[] = [
  {
    why: 'A status line of another protocol, or of HTTP/0.9, which had none, answers no request of HTTP/1.1: 502.',
    saw: Object.fromEntries(
      ['HTTP version 0.9', 'ICE response', 'RTSP response'].flatMap((title) =>
        ['closes', 'stays'].map((end) => [`sample.md: ${title} [${end}]`, '502 "502 Bad Gateway\\n"']),
      ),
    ),
  },
  {
    why: 'A coding that nobody undoes is 502: the client would get the coded bytes without being told.',
    saw: Object.fromEntries(
      [
        '`chunked` before other transfer-encoding',
        '`chunkedchunked` transfer-encoding does not enable chunked enconding',
      ].flatMap((title) =>
        ['closes', 'stays'].map((end) => [
          `transfer-encoding.md: ${title} [${end}]`,
          '502 "502 Bad Gateway\\n"',
        ]),
      ),
    ),
  },
];
