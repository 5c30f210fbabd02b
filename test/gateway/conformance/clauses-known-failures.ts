import type { KnownFailures } from './page.ts';

/** Cases of our own that fail. */
export const KNOWN: readonly KnownFailures[] = [
  {
    why: '`Max-Forwards` is for finding one’s way along a chain of proxies. The gateway is a part of the site, as nginx and HAProxy are, which pass it on too: the monolith gets it as it was sent.',
    saw: {
      'RFC 9110 §7.6.2: OPTIONS with Max-Forwards: 0 is answered by the gateway': 'it reaches the origin',
      'RFC 9110 §7.6.2: Max-Forwards of OPTIONS is counted down': 'it is as it was sent',
    },
  },
  {
    why: 'Node’s parser takes HTTP/1.0 and 1.1 and no later 1.x, of which there has never been one: 400.',
    saw: { 'RFC 9112 §2.3: HTTP/1.2 is served as HTTP/1.1': '400' },
  },
  {
    why: 'A target that is neither a path nor a URL has no reading: it goes to the monolith byte for byte.',
    saw: {
      'RFC 9112 §3.2.3: authority-form is CONNECT’s alone': '200',
    },
  },
];
