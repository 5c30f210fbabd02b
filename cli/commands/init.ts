import { existsSync, writeFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import type { Command } from 'commander';
import { askMissing } from '../init/ask-missing.ts';
import { complete, FLAGS, mistakesOf, NEEDED, type Answers, type Needed } from '../init/answers.ts';
import { writeYaml } from '../init/write-yaml.ts';
import { UsageError } from '../usage-error.ts';

/** `banyan init`: a commented `banyan.yaml` that works, from two flags or two questions. */
export function register(program: Command): void {
  program
    .command('init')
    .description(
      "write a commented banyan.yaml that works; asks for the monolith's URL and a route unless given",
    )
    .option('--monolith <url>', 'where the monolith listens, such as http://127.0.0.1:3000')
    .option('--route <route>', "one route of the context to move, such as 'GET /inventory/:sku'")
    .option('--context <name>', 'the name of its bounded context (default: from the route)')
    .option(
      '--service <url>',
      'where its extracted service listens, or will (default: http://127.0.0.1:3001)',
    )
    .option('--output <file>', 'the file to write (default: what --config names)')
    .option('--force', 'overwrite the file')
    .action(async ({ output, force, ...given }: Partial<Answers> & { output?: string; force?: boolean }) => {
      const file = output ?? program.opts<{ config: string }>().config;
      refuseFile(file, force ?? false);
      const mistakes = mistakesOf(given);
      if (mistakes.length > 0) throw new UsageError(mistakes.join('\n'));
      const asked = await askMissing(process.stdin, process.stdout, given);
      const missing = NEEDED.filter((name) => asked[name] === undefined);
      if (missing.length > 0)
        throw new UsageError(`not answered, and not given: ${missing.map((name) => FLAGS[name]).join(', ')}`);
      const answers = complete(asked as Pick<Answers, Needed>);
      write(file, writeYaml(answers), force ?? false);
      const { context, service } = answers;
      process.stdout.write(
        `wrote ${resolve(file)}: context ${context}, its service at ${service}\n` +
          `Start the gateway:  banyan gateway --config ${file}\n` +
          `Send a quarter:     banyan context set ${context} --reads canary --percent 25 --config ${file}\n`,
      );
    });
}

/** Before anything is asked. */
function refuseFile(file: string, force: boolean): void {
  if (existsSync(file) && !force)
    throw new UsageError(
      `${file} is there already and stays as it is; name another with --output, or overwrite it with --force`,
    );
  if (!existsSync(dirname(file)))
    throw new UsageError(
      `can't write ${file}: there is no folder ${dirname(file)}; make it, or name another file with --output`,
    );
}

function write(file: string, text: string, force: boolean): void {
  try {
    writeFileSync(file, text, { flag: force ? 'w' : 'wx' });
  } catch (cause) {
    throw new UsageError(
      `can't write ${file}: ${(cause as Error).message}; name another file with --output`,
      { cause },
    );
  }
}
