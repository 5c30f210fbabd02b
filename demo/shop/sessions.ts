import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { NextFunction, Request, RequestHandler, Response } from 'express';
import type { RowDataPacket } from 'mysql2/promise';
import type { Database } from '../../runtime/database.ts';

export interface User {
  readonly id: number;
  readonly email: string;
  readonly name: string;
  readonly role: 'customer' | 'staff';
}

export interface Session {
  /** SHA-256 of the cookie: who reads the table can't log in with it. */
  readonly id: string;
  readonly csrf: string;
  readonly user?: User;
}

/** What a request has after `visitors`; the session only if the browser has one. */
export interface Visit {
  session?: Session;
}

const SESSION_HOURS = 24;

export const visitOf = (response: Response): Visit => response.locals as Visit;

/** Names every browser from its first visit on (`sid`), and loads the session of those that have one. */
export function visitors(database: Database): RequestHandler {
  return async (request, response, next) => {
    const { sid, shop_session: token } = cookies(request);
    if (!sid) response.cookie('sid', randomBytes(16).toString('hex'), { httpOnly: true, sameSite: 'lax' });
    if (token) visitOf(response).session = await load(database, token);
    next();
  };
}

/** Begins a session, for a user or for the login form; an old one ends, so that its cookie is worth nothing. */
export async function beginSession(database: Database, response: Response, user?: User): Promise<Session> {
  const token = randomBytes(32).toString('base64url');
  const session: Session = {
    id: hash(token),
    csrf: randomBytes(32).toString('base64url'),
    ...(user && { user }),
  };
  await endSession(database, response);
  await database.query(
    `INSERT INTO sessions (id, user_id, csrf, expires_at)
     VALUES (?, ?, ?, UTC_TIMESTAMP() + INTERVAL ${SESSION_HOURS} HOUR)`,
    [session.id, user?.id ?? null, session.csrf],
  );
  response.cookie('shop_session', token, { httpOnly: true, sameSite: 'lax' });
  visitOf(response).session = session;
  return session;
}

export async function endSession(database: Database, response: Response): Promise<void> {
  const old = visitOf(response).session;
  if (old) await database.query('DELETE FROM sessions WHERE id = ?', [old.id]);
  response.clearCookie('shop_session');
}

/** Every form carries its session's token; a form from elsewhere doesn't have it. */
export function csrfChecked(request: Request, response: Response, next: NextFunction): void {
  const given = Buffer.from(String((request.body as Record<string, unknown>)?.['csrf'] ?? ''));
  const required = Buffer.from(visitOf(response).session?.csrf ?? '');
  if (required.length > 0 && given.length === required.length && timingSafeEqual(given, required))
    return next();
  response
    .status(403)
    .type('text')
    .send('This form is out of date. Please go back, reload the page and try again.\n');
}

/** The session that the browser says it has, as the table names it; undefined when it says none. */
export async function sessionOf(database: Database, request: Request): Promise<Session | undefined> {
  const { shop_session: token } = cookies(request);
  return token ? load(database, token) : undefined;
}

export function sessionIdOf(request: IncomingMessage): string | undefined {
  const { shop_session: token } = cookies(request);
  return token && hash(token);
}

async function load(database: Database, token: string): Promise<Session | undefined> {
  const [[row]] = await database.query<RowDataPacket[]>(
    `SELECT s.id, s.csrf, u.id AS user_id, u.email, u.name, u.role
     FROM sessions s LEFT JOIN users u ON u.id = s.user_id
     WHERE s.id = ? AND s.expires_at > UTC_TIMESTAMP()`,
    [hash(token)],
  );
  if (!row) return undefined;
  const user = row['user_id'] && {
    id: row['user_id'],
    email: row['email'],
    name: row['name'],
    role: row['role'],
  };
  return { id: row['id'], csrf: row['csrf'], ...(user && { user }) };
}

const hash = (token: string): string => createHash('sha256').update(token).digest('hex');

function cookies(request: IncomingMessage): Record<string, string> {
  const pairs = (request.headers.cookie ?? '').split(';').map((pair) => pair.trim().split('=', 2));
  return Object.fromEntries(pairs.filter((pair) => pair.length === 2));
}
