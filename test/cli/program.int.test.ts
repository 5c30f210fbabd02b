import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { banyan } from './support/banyan.ts';

const COMMANDS =
  'init config capture relay install uninstall gateway control-plane context gateways route lag kill shadow pin observe'.split(
    ' ',
  );

it.each([['--help'], ['--help', 'gateway'], ['-c', 'other.yaml', '--help']])(
  'lists every command when asked for help: %s %s',
  async (...args) => {
    const { exitCode, stdout } = await banyan(args);
    expect(exitCode).toBe(0);
    for (const command of COMMANDS) expect(stdout).toMatch(new RegExp(`^  ${command} `, 'm'));
  },
);

it('a command that does not exist is refused with those that do', async () => {
  const { exitCode, stderr } = await banyan(['contxt', 'list']);
  expect(exitCode).toBe(2);
  expect(stderr).toContain("unknown command 'contxt'");
  expect(stderr).toContain('Did you mean context?');
  for (const command of COMMANDS) expect(stderr).toMatch(new RegExp(`^  ${command} `, 'm'));
});

it('a configuration that is called like another command does not hide the one that is meant', async () => {
  const { exitCode, stderr } = await banyan(['--config', 'lag', 'context', 'list']);
  expect(exitCode).toBe(2);
  expect(stderr).toContain("can't read lag: ");
});

it('a client of the admin API loads none of the libraries that serve or store', () => {
  const loader = `import { registerHooks } from 'node:module';
    registerHooks({ load(url, context, next) { console.error(url); return next(url, context); } });`;
  const { stderr } = spawnSync(
    process.execPath,
    [
      ...['--import', `data:text/javascript,${encodeURIComponent(loader)}`],
      ...[fileURLToPath(new URL('../../cli/main.ts', import.meta.url)), 'context', '--help'],
    ],
    { encoding: 'utf8' },
  );
  expect(stderr).toContain('/cli/commands/context.ts');
  expect(stderr).not.toMatch(/node_modules\/(express|@prisma|mysql2|bullmq|ioredis|undici|@aws-sdk)\//);
});
