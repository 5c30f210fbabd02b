import { z } from 'zod';
import { origin } from './fields.ts';

const HOST = /^(?:[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?|\[[0-9A-Fa-f:.]+\])(?::\d{1,5})?$/;
const DOMAIN = /^\.?[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?$/;
const PATH = /^\/[\x21-\x3a\x3c-\x7e]*$/;

/**
 * What an upstream gets as Host: `client`, what the client sent; `upstream`, host and port of its `url`; or a name
 * with or without a port.
 */
export const upstreamHost = z
  .string()
  .regex(HOST, 'client, upstream, or a host with or without a port, such as shop.internal:8080');

/** How links and cookies of an upstream that takes itself for the public site are turned into public ones. */
export const upstreamRewrite = z.strictObject({
  /**
   * Whether `Location` and `Content-Location` that lead to the upstream itself (its `url`, its `host`) lead to the
   * public site instead. A list names origins that it goes by besides.
   */
  location: z.union([z.boolean(), z.array(origin)]).default(true),
  /** `Domain` of a cookie as the upstream sets it (`*`: any), and the public one; empty: the attribute goes. */
  cookieDomain: z
    .record(
      z.string().refine((text) => text === '*' || DOMAIN.test(text), 'a domain, or * for any'),
      z.string().refine((text) => text === '' || DOMAIN.test(text), "a domain, or '' for none"),
    )
    .default({}),
  /** Beginning of a cookie's `Path`, in whole segments, and what stands there instead. The longest wins. */
  cookiePath: z
    .record(
      z.string().regex(PATH, 'a path that begins with /'),
      z.string().regex(PATH, 'a path that begins with /'),
    )
    .default({}),
});
