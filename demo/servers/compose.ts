import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { mustAnswer } from './given-server.ts';
import { whenWeDie } from './when-we-die.ts';

const composeFile = fileURLToPath(new URL('../../docker-compose.yml', import.meta.url));
const services = {
  database: { port: 3306, scheme: 'mysql://root@' },
  redis: { port: 6379, scheme: 'redis://' },
};
export type Service = keyof typeof services;

/** Whether Docker's engine answers and has Compose v2. */
export async function composeAnswers(docker: string | undefined): Promise<boolean> {
  if (!docker) return false;
  const answers = [
    ['compose', 'version'],
    ['version', '--format', '{{.Server.Version}}'],
  ].map((args) => promisify(execFile)(docker, args, { timeout: 10_000 }));
  return Promise.all(answers).then(
    () => true,
    () => false,
  );
}

/**
 * Starts the named services of docker-compose.yml as a project of its own, on ports that Docker chooses, and waits for
 * their health checks. `stop` takes them down with their volumes.
 */
export async function startComposed(
  docker: string,
  wanted: readonly Service[],
): Promise<{ readonly urls: Partial<Record<Service, string>>; stop(): Promise<void> }> {
  const project = `banyan-${randomBytes(4).toString('hex')}`;
  const compose = ['compose', '--project-name', project, '--file', composeFile];
  const down = [...compose, 'down', '--volumes', '--timeout', '10'];
  const forget = whenWeDie({ command: [docker, ...down] });
  const stop = async () => {
    await run(docker, down);
    forget();
  };
  try {
    await run(docker, [...compose, 'up', '--detach', '--wait', ...wanted]);
    const urls: Partial<Record<Service, string>> = {};
    for (const service of wanted) {
      const { port, scheme } = services[service];
      const address = (await run(docker, [...compose, 'port', service, String(port)])).trim();
      urls[service] = `${scheme}${address.replace(/^(0\.0\.0\.0|\[::\])/, '127.0.0.1')}`;
      await mustAnswer(`docker compose port ${service}`, urls[service]);
    }
    return { urls, stop };
  } catch (error) {
    await stop().catch(() => {});
    throw error;
  }
}

async function run(docker: string, args: readonly string[]): Promise<string> {
  try {
    return (await promisify(execFile)(docker, args)).stdout;
  } catch (cause) {
    const said = (cause as { stderr?: string }).stderr ?? '';
    throw new Error(`docker ${args.join(' ')} failed. It said:\n${said}`, { cause });
  }
}
