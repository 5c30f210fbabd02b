// What becomes of a field, by its name. Numbers, and a look at the first letter and the length before anything is
// compared: this is asked of every field of every message.

/** It goes through as it is. */
export const PASSES = 0;
/** Hop-by-hop (RFC 9110 §7.6.1), or the gateway's own: it ends here. */
export const ENDS = 1;
/** It names others that end here. */
export const CONNECTION = 2;
/** Where a request comes from: a trusted proxy's word alone counts. */
export const FORWARDED = 3;
export const HOST = 4;
export const TRAILER = 5;
export const LENGTH = 6;
/** It leads somewhere: Location, Content-Location. */
export const LINK = 7;
export const COOKIE = 8;

/** Of a request's field. One of our own names spelled with `_`, which some servers read as `-`, ends here. */
export function requestFate(name: string): number {
  switch (name.charCodeAt(0) | 0x20) {
    case 0x63: // c
      return name.length === 10 && name.toLowerCase() === 'connection' ? CONNECTION : PASSES;
    case 0x66: // f
      return name.length === 9 && name.toLowerCase() === 'forwarded' ? FORWARDED : PASSES;
    case 0x68: // h
      return name.length === 4 && name.toLowerCase() === 'host' ? HOST : PASSES;
    case 0x78: // x
      return ownFate(name);
    default:
      return hopFate(name);
  }
}

/** Of an answer's field. */
export function answerFate(name: string): number {
  switch (name.charCodeAt(0) | 0x20) {
    case 0x63: // c
      if (name.length === 10) return name.toLowerCase() === 'connection' ? CONNECTION : PASSES;
      if (name.length === 14) return name.toLowerCase() === 'content-length' ? LENGTH : PASSES;
      return name.length === 16 && name.toLowerCase() === 'content-location' ? LINK : PASSES;
    case 0x6c: // l
      return name.length === 8 && name.toLowerCase() === 'location' ? LINK : PASSES;
    case 0x73: // s
      return name.length === 10 && name.toLowerCase() === 'set-cookie' ? COOKIE : PASSES;
    default:
      return hopFate(name);
  }
}

function hopFate(name: string): number {
  switch (name.charCodeAt(0) | 0x20) {
    case 0x6b: // k
      return name.length === 10 && name.toLowerCase() === 'keep-alive' ? ENDS : PASSES;
    case 0x70: // p
      return name.length === 16 && name.toLowerCase() === 'proxy-connection' ? ENDS : PASSES;
    case 0x74: // t
      if (name.length === 2) return name.toLowerCase() === 'te' ? ENDS : PASSES;
      if (name.length === 7) return name.toLowerCase() === 'trailer' ? TRAILER : PASSES;
      return name.length === 17 && name.toLowerCase() === 'transfer-encoding' ? ENDS : PASSES;
    case 0x75: // u
      return name.length === 7 && name.toLowerCase() === 'upgrade' ? ENDS : PASSES;
    default:
      return PASSES;
  }
}

/** `X-Forwarded-*` and `X-Banyan-*`, and what looks like them. */
function ownFate(name: string): number {
  switch (name.charCodeAt(2) | 0x20) {
    case 0x62: // b
      return /^x[-_]banyan[-_]/i.test(name) ? ENDS : PASSES;
    case 0x66: // f
      if (!/^x[-_]forwarded[-_]/i.test(name)) return PASSES;
      return name.includes('_') ? ENDS : FORWARDED;
    default:
      return PASSES;
  }
}
