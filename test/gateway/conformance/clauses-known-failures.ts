import type { KnownFailures } from './page.ts';

/** Cases of our own that fail. */
export const KNOWN: readonly KnownFailures[] = [
  {
    why: 'Node’s parser takes HTTP/1.0 and 1.1 and no later 1.x, of which there has never been one: 400.',
    saw: { 'RFC 9112 §2.3: HTTP/1.2 is served as HTTP/1.1': '400' },
  },
];
