import { existsSync, readFileSync, statSync } from 'node:fs';
import type { Command } from 'commander';
import {
  configJsonSchema,
  diffConfig,
  readIdentityKey,
  tlsFiles,
  type ConfigDiff,
  type Outcome,
} from '../../contexts/index.ts';
import { loadConfig, readConfig } from '../load-config.ts';
import { loadTypes } from '../load-types.ts';

/** `banyan config check`, `diff` and `schema`: about the file alone; nothing is asked of a running process. */
export function register(program: Command): void {
  const config = program
    .command('config')
    .description('check the configuration, compare it with another one');
  const fileOf = (command: Command) => command.optsWithGlobals<{ config: string }>().config;

  config
    .command('check')
    .description('name all mistakes with their lines (exit code 2), and what is seldom meant (0)')
    .option('--file <file>', 'the file to check instead of what --config names')
    .action(async ({ file: named }: { file?: string }, command: Command) => {
      const file = named ?? fileOf(command);
      const { config: checked, warnings, files } = readConfig(file);
      for (const { line, column, path, message } of warnings)
        process.stderr.write(`warning: ${file}:${line}:${column} ${path}: ${message}\n`);
      const registry = await loadTypes(checked, file);
      for (const pem of tlsFiles(checked))
        if (!existsSync(pem)) process.stderr.write(`warning: ${pem}, which it names for TLS, is not there\n`);
      for (const open of files.filter(isOpenKey))
        process.stderr.write(
          `warning: ${open} has a private key, and others than its owner can read it; \`chmod 600 ${open}\`\n`,
        );
      const contexts = Object.values(checked.contexts);
      const routes = contexts.reduce((sum, context) => sum + context.routes.length, 0);
      const upstreams = Object.keys(checked.upstreams).length;
      process.stdout.write(
        `${file} has no mistakes: ${count(contexts.length, 'context')}, ${count(routes, 'route')}, ${count(upstreams, 'upstream')}${registry ? `, ${count(Object.keys(registry.events).length, 'event type')}` : ''}\n`,
      );
    });

  config
    .command('diff <other>')
    .description('what the other file would route differently, route by route, and what else differs')
    .option('--json', 'as JSON')
    .action((other: string, { json }: { json?: boolean }, command: Command) => {
      const diff = diffConfig(loadConfig(fileOf(command)), loadConfig(other));
      process.stdout.write(json ? `${JSON.stringify(diff, undefined, 2)}\n` : formatDiff(diff));
    });

  config
    .command('schema')
    .description('print the JSON Schema of banyan.yaml, for editors')
    .action(() => void process.stdout.write(`${JSON.stringify(configJsonSchema(), undefined, 2)}\n`));
}

/** Whether a private JSON Web Key is readable by its file's group or by everybody. Windows has no such modes. */
function isOpenKey(file: string): boolean {
  return (
    process.platform !== 'win32' &&
    (statSync(file).mode & 0o044) !== 0 &&
    !('mistake' in readIdentityKey(readFileSync(file, 'utf8')))
  );
}

const count = (number: number, what: string) => `${number} ${what}${number === 1 ? '' : 's'}`;

/** For people: routes first, each with where it goes before and after. */
export function formatDiff({ routes, upstreams, contexts, other, restart }: ConfigDiff): string {
  const changed = [
    ...upstreams.map((change) => ['upstream', change] as const),
    ...contexts.map((change) => ['context', change] as const),
  ];
  const lines = [
    ...routes.flatMap(({ route, before, after }) => [
      route,
      `  before  ${described(before)}`,
      `  after   ${described(after)}`,
      ...(before.rest === after.rest
        ? []
        : [`  route   ${before.rest || 'nothing more'} → ${after.rest || 'nothing more'}`]),
    ]),
    ...changed.map(([what, { name, change, fields }]) =>
      [`${what} ${name}: ${change}`, ...(fields.length > 0 ? [fields.join(', ')] : [])].join(': '),
    ),
    ...other.map((path) => `${path}: changed`),
    ...(restart.length > 0 ? [`a gateway has to be started again for: ${restart.join(', ')}`] : []),
  ];
  return lines.length === 0 ? 'no difference\n' : lines.map((line) => `${line}\n`).join('');
}

/** Where the requests go once their context is extracted. */
function described({ context, kind, url, path }: Outcome): string {
  return context === undefined ? `the monolith (${url}), ${path}` : `${context}, a ${kind}, at ${url}${path}`;
}
