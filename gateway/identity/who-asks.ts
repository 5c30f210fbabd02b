import type { IncomingMessage } from 'node:http';
import { peerOf, type Trust } from '../client-address.ts';
import { forwardedFields } from '../forwarding/forwarded.ts';
import type { Credentials } from './credentials.ts';

/** Tells the monolith that the gateway itself asks: no client can send it, since its `X-Banyan-*` end at the gateway. */
export const SUBREQUEST_FIELD = 'X-Banyan-Subrequest';

/** A question to the monolith. */
export interface Question {
  /** What the answer may depend on besides the credentials. */
  readonly variant: string;
  fields(): Record<string, string>;
}

/**
 * The session's credentials and where the client comes from, as the monolith gets them with every request of it, and
 * nothing else: some monoliths have a site for each host, send those who come without TLS elsewhere, or bind sessions to
 * an address or a browser. `host` stands in Host instead of the client's.
 */
export function questionOf(
  request: IncomingMessage,
  { cookie, authorization }: Credentials,
  { trust, host: own }: { readonly trust: Trust; readonly host: string | undefined },
): Question {
  const { headers, socket } = request;
  const host = own ?? headers.host ?? 'localhost';
  const agent = headers['user-agent'];
  const forwarded = forwardedFields(peerOf(trust, socket), request);
  return {
    variant: `${host}\n${agent ?? ''}\n${forwarded.join('\n')}`,
    fields() {
      const fields: Record<string, string> = {
        host,
        accept: 'application/json',
        [SUBREQUEST_FIELD]: 'identity',
      };
      if (agent !== undefined) fields['user-agent'] = agent;
      if (cookie !== undefined) fields['cookie'] = cookie;
      if (authorization !== undefined) fields['authorization'] = authorization;
      for (let index = 0; index < forwarded.length; index += 2)
        fields[forwarded[index]!] = forwarded[index + 1]!;
      return fields;
    },
  };
}
