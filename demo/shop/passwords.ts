import { randomBytes, scrypt, timingSafeEqual } from 'node:crypto';
import { promisify } from 'node:util';

// Cheaper than a real shop should take (OWASP: N = 2^17): dozens of shoppers log in on a laptop's two cores here.
const COST = { N: 2 ** 11, r: 8, p: 1 };
const derive = promisify<string, Buffer, number, typeof COST, Buffer>(scrypt);

export async function hashPassword(password: string): Promise<string> {
  const salt = randomBytes(16);
  return `${salt.toString('base64url')}.${(await derive(password, salt, 32, COST)).toString('base64url')}`;
}

export async function passwordMatches(password: string, hash: string): Promise<boolean> {
  const [salt = '', key = ''] = hash.split('.');
  return timingSafeEqual(
    await derive(password, Buffer.from(salt, 'base64url'), 32, COST),
    Buffer.from(key, 'base64url'),
  );
}
