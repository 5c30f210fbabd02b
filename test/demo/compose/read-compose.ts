import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parse } from 'yaml';

export const root = fileURLToPath(new URL('../../..', import.meta.url));

export interface Service {
  readonly image: string;
  readonly build?: { readonly context: string; readonly target: string };
  readonly command?: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  readonly ports?: readonly string[];
  readonly volumes?: readonly string[];
  readonly depends_on?: Readonly<Record<string, { readonly condition: string }>>;
  readonly healthcheck?: { readonly test: readonly string[] };
  readonly read_only?: boolean;
  readonly cap_drop?: readonly string[];
  readonly security_opt?: readonly string[];
}

/** docker-compose.yml with its `${NAME:-default}` filled in by the defaults. */
export function readCompose(): { readonly services: Readonly<Record<string, Service>> } {
  const text = readFileSync(`${root}/docker-compose.yml`, 'utf8');
  return parse(
    text.replace(/\$\{\w+:-([^}]*)\}/g, (_whole, fallback: string) => fallback),
    { merge: true },
  ) as { services: Record<string, Service> };
}
