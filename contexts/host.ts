/** `shop.example`, or `*.shop.example` for every name below it, of any depth. A port is none of a route's business. */
export function isHostPattern(text: string): boolean {
  return /^(?:(?:\*\.)?[a-z0-9_-]+(?:\.[a-z0-9_-]+)*|\[[0-9a-f:.]+\])$/i.test(text);
}

/**
 * The host that a `Host` field or an authority names (RFC 9110 §7.2): in lower case, without its port and the dot of
 * the root. Undefined where it names none.
 */
export function hostOf(authority: string | undefined): string | undefined {
  if (authority === undefined) return undefined;
  const host = /^(\[[0-9a-f:.]+\]|[^\s:[\]@/?#\\]+?)\.?(?::\d*)?$/i.exec(authority)?.[1];
  return host?.toLowerCase();
}
