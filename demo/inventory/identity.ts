import type { RequestHandler, Response } from 'express';
import { createRemoteJWKSet, jwtVerify, type JWTVerifyGetKey } from 'jose';

/** Who is calling, as Banyan's gateway says; undefined for nobody. */
export interface Caller {
  readonly id: string;
  readonly name: string;
  readonly role: 'customer' | 'staff';
}

export const callerOf = (response: Response): Caller | undefined => response.locals['caller'] as Caller;

/** The gateway's public keys; fetched when the first token comes. */
export const keysAt = (url: string): JWTVerifyGetKey => createRemoteJWKSet(new URL(url));

/** Believes the gateway's tokens for this service, and refuses all others. The service knows no session and no cookie. */
export function identified(keys: JWTVerifyGetKey): RequestHandler {
  return async (request, response, next) => {
    const token = request.get('x-banyan-identity');
    if (token === undefined) return next();
    try {
      const options = { issuer: 'banyan', audience: 'inventory', clockTolerance: 5 };
      const { payload } = await jwtVerify<Omit<Caller, 'id'>>(token, keys, options);
      response.locals['caller'] = { id: payload.sub, name: payload.name, role: payload.role };
    } catch {
      return void response.status(401).json({ error: 'this is no token of the gateway for this service' });
    }
    next();
  };
}
