import { z } from 'zod';
import { milliseconds } from './duration.ts';
import { isAddress } from './address.ts';
import { bytesOf } from './size.ts';

/** What a timer of Node.js can wait for at most, in milliseconds (some 24 days); beyond, it fires at once. */
const LONGEST_TIMER = 2 ** 31 - 1;

/** A length of time as people write it: `250ms`, `5s`, `10m`, `24h`, `7d`; never none. Parsed to milliseconds. */
export const period = z
  .string()
  .refine((text) => milliseconds(text) !== undefined, {
    message: 'a length of time such as 250ms, 5s, 10m, 24h or 7d',
    abort: true,
  })
  .refine((text) => milliseconds(text)! > 0, 'a length of time above 0')
  .transform((text) => milliseconds(text) ?? 0);

/** A `period` that somebody waits for. */
export const duration = period.refine((length) => length <= LONGEST_TIMER, 'at most 24d');

/** A number of bytes as people write it: `512B`, `64KiB`, `10MiB`, `1GiB`; never none. Parsed to bytes. */
export const size = z
  .string()
  .refine((text) => (bytesOf(text) ?? 0) > 0, {
    message: 'a size such as 512B, 64KiB, 10MiB or 1GiB, above 0',
    abort: true,
  })
  .transform((text) => bytesOf(text) ?? 0);

/** `constructor` and `prototype` are spared: every object of JavaScript has something under them. */
export const name = z
  .string()
  .regex(/^[a-z][a-z0-9-]{0,62}$/, 'a name of lower-case letters, digits and hyphens, at most 63 characters')
  .refine(
    (text) => text !== 'constructor' && text !== 'prototype',
    'a name that JavaScript does not use itself',
  );

/** How a process is named among its like; the tables hold so much and no more. */
export const processName = z
  .string()
  .regex(/^[\x21-\x7e]{1,64}$/, 'at most 64 printable characters without spaces');

export const address = z
  .string()
  .refine(isAddress, 'an address such as 127.0.0.1:8080, with a port from 0 to 65535');

/** A bearer token (RFC 6750): anything else can't be sent in a header field. */
export const token = z
  .string()
  .min(16, 'at least 16 characters')
  .regex(/^[\x21-\x7e]*$/, 'printable ASCII characters without white space');

export const url = (...schemes: string[]) =>
  z.string().refine((text) => schemes.includes(partsOf(text)?.protocol.replace(':', '') ?? ''), {
    message: `a URL that begins with ${schemes.map((scheme) => `${scheme}://`).join(' or ')}`,
    abort: true,
  });

export const databaseUrl = url('mysql', 'mariadb').refine(
  (text) => (partsOf(text)?.pathname.length ?? 0) > 1,
  'a URL that names its database, such as mysql://user:password@host:3306/name',
);

/** Scheme, host and port of an upstream. Credentials in it would be sent to nobody, so they are a mistake. */
export const origin = url('http', 'https')
  .refine((text) => {
    const { pathname, search } = partsOf(text)!;
    return pathname === '/' && search === '' && !text.includes('#');
  }, 'a URL without a path: only scheme, host and port')
  .refine((text) => {
    const { username, password } = partsOf(text)!;
    return username === '' && password === '';
  }, 'a URL without user and password: only scheme, host and port');

/** Where an upstream listens: an `origin`, or `unix:/path` for a socket of the file system, whose path has 106 characters at most. */
export const upstreamUrl = z.string().superRefine((text, { addIssue }) => {
  if (!text.startsWith('unix:')) for (const { message } of originIssues(text)) addIssue(message);
  else if (!SOCKET.test(text))
    addIssue('unix: and the absolute path of a socket, at most 106 characters long');
});

const SOCKET = /^unix:\/[^\0]{1,106}$/;

function originIssues(text: string): readonly { message: string }[] {
  return origin.safeParse(text).error?.issues ?? [];
}

function partsOf(text: string): URL | undefined {
  return URL.parse(text) ?? undefined;
}
