/** Whether the text is `host:port` with a port that there is; an IPv6 host stands in brackets. */
export function isAddress(text: string): boolean {
  const port = /^(?:\[[0-9a-fA-F:]+\]|[^\s:[\]]+):(\d{1,5})$/.exec(text)?.[1];
  return port !== undefined && Number(port) <= 65_535;
}

/** Whether only this host reaches what listens there (RFC 1122 §3.2.1.3, RFC 4291 §2.5.3). */
export function isLoopback(address: string): boolean {
  return /^(localhost|127(\.\d{1,3}){3}|\[::1\]):\d+$/i.test(address);
}

/** Whether one process can't have both: the same port, on the same host or on all of them. Port 0 is a free one. */
export function collide(one: string, other: string): boolean {
  const [a, b] = [split(one), split(other)];
  if (a.port !== b.port || a.port === 0) return false;
  return a.host === b.host || isAll(a.host) || isAll(b.host);
}

function split(address: string): { host: string; port: number } {
  const colon = address.lastIndexOf(':');
  return { host: address.slice(0, colon).toLowerCase(), port: Number(address.slice(colon + 1)) };
}

const isAll = (host: string) => host === '0.0.0.0' || host === '[::]';
