import { generateKeyPairSync } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { Option, type Command } from 'commander';
import { calculateJwkThumbprint } from 'jose';
import { publicKeys } from '../../contexts/index.ts';
import { loadConfig } from '../load-config.ts';
import { UsageError } from '../usage-error.ts';

/** `banyan identity key` and `jwks`: keys by which extracted services know who is calling. Neither asks a process. */
export function register(program: Command): void {
  const identity = program
    .command('identity')
    .description('keys that sign who is calling, for gateway.identity of the configuration');

  identity
    .command('key')
    .description('make a key that signs, in a file that only its owner can read')
    .requiredOption('--out <file>', 'where; a file that is there stays as it is')
    .addOption(
      new Option('--algorithm <name>', 'ES256 is known to every library')
        .choices(['ES256', 'EdDSA'])
        .default('ES256'),
    )
    .action(async ({ out, algorithm }: { out: string; algorithm: 'ES256' | 'EdDSA' }) => {
      const { privateKey } =
        algorithm === 'ES256'
          ? generateKeyPairSync('ec', { namedCurve: 'P-256' })
          : generateKeyPairSync('ed25519');
      const jwk = privateKey.export({ format: 'jwk' });
      // RFC 7638: two keys never have the same.
      const kid = await calculateJwkThumbprint(jwk as Record<string, string>);
      const key = { ...jwk, kid, alg: algorithm, use: 'sig' };
      try {
        writeFileSync(out, `${JSON.stringify(key)}\n`, { mode: 0o600, flag: 'wx' });
      } catch (cause) {
        const { code, message } = cause as NodeJS.ErrnoException;
        throw new UsageError(
          code === 'EEXIST'
            ? `${out} is there already; a key is never written over, name another file`
            : `can't write ${out}: ${message}`,
        );
      }
      process.stdout.write(
        `${out} has a new key, ${kid}\nadd '\${file:${out}}' to gateway.identity.keys: at the end to publish it, first once all gateways have it\n`,
      );
    });

  identity
    .command('jwks')
    .description('print the public parts of the keys, as the gateways publish them')
    .action((_options: unknown, command: Command) => {
      const file = command.optsWithGlobals<{ config: string }>().config;
      const { identity: written } = loadConfig(file).gateway;
      if (!written) throw new UsageError(`${file} has no gateway.identity, and so no keys`);
      process.stdout.write(`${JSON.stringify(publicKeys(written.keys), undefined, 2)}\n`);
    });
}
