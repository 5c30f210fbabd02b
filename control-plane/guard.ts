import { createHash, timingSafeEqual } from 'node:crypto';
import type { RequestHandler } from 'express';
import type { AdminToken } from './admin-token.ts';
import { sendProblem } from './problem.ts';

/**
 * Lets a request in whose `Host` no stranger's page can have: loopback, an address, a name without dots (the
 * network's own) or the configured one. Any other name may be a public one rebound to this address.
 */
export function requireOwnHost(configured: string): RequestHandler {
  return (request, response, next) => {
    const name = (request.headers.host ?? '').toLowerCase().replace(/:\d*$/, '');
    const isAddress = /^(\d{1,3}(\.\d{1,3}){3}|\[[0-9a-f:.]+\])$/.test(name);
    if (isAddress || /^[a-z0-9_-]+$/.test(name) || name === configured.toLowerCase()) return next();
    sendProblem(response, 403, 'Foreign Host', {
      detail: `Host '${name}' is not this API's: use 127.0.0.1, localhost or the host of control.admin`,
    });
  };
}

/** Lets a request in that carries one of the tokens (RFC 6750); its owner is `response.locals.actor` then. */
export function requireToken(tokens: readonly AdminToken[]): RequestHandler {
  const digests = tokens.map(({ owner, token }) => ({ owner, digest: digest(token) }));
  return (request, response, next) => {
    const given = /^Bearer +(\S+)$/i.exec(request.headers.authorization ?? '')?.[1];
    const found = digest(given ?? '');
    // Every token is compared, each in constant time: the time tells nothing about any of them.
    const owners = digests.filter((known) => timingSafeEqual(known.digest, found)).map(({ owner }) => owner);
    if (given !== undefined && owners[0] !== undefined) {
      response.locals['actor'] = owners[0];
      return next();
    }
    response.set('WWW-Authenticate', 'Bearer realm="banyan"');
    sendProblem(response, 401, 'Unauthorized', {
      detail:
        given === undefined
          ? 'a bearer token is required: Authorization: Bearer <token>'
          : 'this token is not one of control.tokens, nor the one in the state folder',
    });
  };
}

const digest = (text: string) => createHash('sha256').update(text).digest();
