import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

type Name = 'ca' | 'other-ca' | 'server' | 'renewed' | 'client';

/** The path of a certificate or, with `key`, of its key; see certificates/make.sh. */
export function pemFile(name: Name, part: 'pem' | 'key' = 'pem'): string {
  return fileURLToPath(new URL(`./certificates/${name}.${part}`, import.meta.url));
}

/** Its content. */
export function pem(name: Name, part: 'pem' | 'key' = 'pem'): string {
  return readFileSync(pemFile(name, part), 'utf8');
}
