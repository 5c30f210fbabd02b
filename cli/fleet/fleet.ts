import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { UsageError } from '../usage-error.ts';

/** All gateways, by their ops ports, and who may know of more. */
export interface Fleet {
  /** Ops ports, each once. */
  readonly ops: readonly string[];
  /** The admin API, where it is known; it is asked for the register. */
  readonly admin: { readonly url: string; readonly token: string | undefined } | undefined;
}

export interface FleetOptions {
  readonly config: string;
  readonly ops: readonly string[];
  readonly admin?: string | undefined;
  readonly token?: string | undefined;
}

/**
 * The gateways that are named, else those of `gateway.fleet`, else that of `gateway.ops`. Of the configuration
 * these fields alone are read, and no mistake elsewhere in it, no secret that isn't set in this shell, is in the way.
 */
export function fleetOf(options: FleetOptions, env: NodeJS.ProcessEnv = process.env): Fleet {
  const written = configOf(options, env);
  const gateway = mapOf(written?.['gateway']);
  const listed = gateway['fleet'];
  const configured =
    Array.isArray(listed) && listed.length > 0 ? listed : [gateway['ops'] ?? '127.0.0.1:9101'];
  const found = options.ops.length > 0 ? options.ops : configured;
  const ops = found.map((address) => {
    if (typeof address === 'string' && /^[^\s/]+:\d{1,5}$/.test(address)) return address;
    throw new UsageError(
      `${options.config} names an ops port as '${String(address)}'; required: an address such as 127.0.0.1:9101. Name the gateways' ops ports with --ops`,
    );
  });
  return { ops: [...new Set(ops)], admin: adminOf(options, written, env) };
}

function adminOf(
  options: FleetOptions,
  written: Written | undefined,
  env: NodeJS.ProcessEnv,
): Fleet['admin'] {
  const control = mapOf(written?.['control']);
  const given = options.admin ?? env['BANYAN_ADMIN'];
  const configured = written && `http://${String(control['admin'] ?? '127.0.0.1:9102')}`;
  const url = given ?? configured;
  if (url === undefined) return undefined;
  const stateDir = String(mapOf(written?.['gateway'])['stateDir'] ?? '.banyan');
  return {
    url: url.replace(/\/+$/, ''),
    token: options.token ?? env['BANYAN_TOKEN'] ?? textOf(join(stateDir, 'admin.token')),
  };
}

type Written = Record<string, unknown>;

/** Undefined where there is none and `--ops` makes up for it. */
function configOf({ config, ops }: FleetOptions, env: NodeJS.ProcessEnv): Written | undefined {
  try {
    return mapOf(fill(parse(readFileSync(config, 'utf8')), env));
  } catch (cause) {
    if (ops.length > 0) return undefined;
    throw new UsageError(
      `can't read ${config}: ${(cause as Error).message}\nName the gateways' ops ports with --ops, or another configuration with --config.`,
      { cause },
    );
  }
}

/** What isn't set stays as it is written: only what is used has to be. */
function fill(value: unknown, env: NodeJS.ProcessEnv): unknown {
  if (typeof value === 'string')
    return value.replaceAll(
      /\$\{([^}]+)\}/g,
      (whole, reference: string) =>
        (reference.startsWith('file:') ? textOf(reference.slice('file:'.length)) : env[reference]) ?? whole,
    );
  if (Array.isArray(value)) return value.map((item) => fill(item, env));
  if (value === null || typeof value !== 'object') return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, fill(item, env)]));
}

function textOf(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8').trim() || undefined;
  } catch {
    return undefined;
  }
}

function mapOf(value: unknown): Written {
  return value !== null && typeof value === 'object' && !Array.isArray(value) ? (value as Written) : {};
}
