import { existsSync, writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import type { Command } from 'commander';
import { askMissing } from '../init/ask-missing.ts';
import { FLAGS, missingOf, mistakesOf, type Answers } from '../init/answers.ts';
import { writeYaml } from '../init/write-yaml.ts';
import { UsageError } from '../usage-error.ts';

/** `banyan init`: a commented `banyan.yaml` that works, from flags or from a few questions. */
export function register(program: Command): void {
  program
    .command('init')
    .description('write a commented banyan.yaml that works; asks for what no flag says')
    .option('--monolith <url>', 'where the monolith listens, such as http://127.0.0.1:3000')
    .option('--route <route>', "one route of the context to move, such as 'GET /inventory/:sku'")
    .option('--service <url>', 'where the extracted service listens (or will)')
    .option('--context <name>', 'the name of the bounded context')
    .option('--output <file>', 'the file to write (default: what --config names)')
    .option('--force', 'overwrite the file')
    .action(async ({ output, force, ...given }: Partial<Answers> & { output?: string; force?: boolean }) => {
      const file = output ?? program.opts<{ config: string }>().config;
      if (existsSync(file) && !force)
        throw new UsageError(
          `${file} is there already and stays as it is; name another with --output, or overwrite it with --force`,
        );
      const answers =
        process.stdin.isTTY && process.stdout.isTTY
          ? await askMissing(process.stdin, process.stdout, given)
          : given;
      const missing = missingOf(answers);
      if (missing.length > 0)
        throw new UsageError(
          `nobody to ask (no terminal), and not given: ${missing.map((name) => FLAGS[name]).join(', ')}`,
        );
      const mistakes = mistakesOf(answers);
      if (mistakes.length > 0) throw new UsageError(mistakes.join('\n'));
      writeFileSync(file, writeYaml(answers as Answers), { flag: force ? 'w' : 'wx' });
      process.stdout.write(
        `wrote ${resolve(file)}\nStart the gateway with it: banyan gateway --config ${file}\n`,
      );
    });
}
