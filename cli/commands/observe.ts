import { Argument, type Command } from 'commander';
import { handbookPage, handbookPages, packageFile } from '../observe/package-file.ts';
import { UsageError } from '../usage-error.ts';

/** `banyan observe`: what comes with the package for Prometheus and Grafana, and the handbook; on stdout. */
export function register(program: Command): void {
  const observe = program
    .command('observe')
    .description('print rules for Prometheus, a dashboard for Grafana, a page of the handbook');
  observe
    .command('rules')
    .description('print the alerts and recorded series, as a rule file for Prometheus')
    .addArgument(
      new Argument(
        '<part>',
        'gateway: for every installation; events: for one with an outbox, besides',
      ).choices(['gateway', 'events']),
    )
    .option('--handbook <url>', 'where you publish the handbook; alerts link to its pages there')
    .action((part: string, { handbook }: { handbook?: string }) => {
      const rules = packageFile(`infra/prometheus/banyan-${part}.rules.yaml`);
      process.stdout.write(
        handbook === undefined
          ? rules
          : rules.replaceAll('runbook_url: docs/handbook/', () => `runbook_url: ${folder(handbook)}`),
      );
    });
  observe
    .command('dashboard')
    .description('print the dashboard, for Grafana to import')
    .option('--datasource <uid>', 'the data source to show, for provisioning; unless given the import asks')
    .action(({ datasource }: { datasource?: string }) => {
      const written = packageFile('infra/grafana/banyan.json');
      process.stdout.write(datasource === undefined ? written : provisioned(written, datasource));
    });
  observe
    .command('handbook [alert]')
    .description('print what an alert means, how to look and how to go back; without one, the list of pages')
    .action((alert?: string) => {
      const page = alert === undefined ? packageFile('docs/handbook/README.md') : handbookPage(alert);
      if (page === undefined)
        throw new UsageError(
          `no page for '${alert}' in the handbook; there are: ${handbookPages().join(', ')}`,
        );
      process.stdout.write(page);
    });
}

/** Grafana fills in what an import asks for, and nothing in files that it is provisioned with. */
function provisioned(dashboard: string, uid: string): string {
  if (!/^[\w-]{1,40}$/.test(uid))
    throw new UsageError(
      `--datasource ${uid}: required is the uid of a data source, letters, digits, - and _, at most 40`,
    );
  const { __inputs: _, ...rest } = JSON.parse(dashboard.replaceAll('${DS_PROMETHEUS}', uid)) as object & {
    __inputs: unknown;
  };
  return `${JSON.stringify(rest, undefined, 2)}\n`;
}

/** With a slash at its end. Refuses what a rule file could not hold as plain text. */
function folder(url: string): string {
  if (!URL.canParse(url) || /[\s#'"]/.test(url))
    throw new UsageError(`--handbook ${url}: required is a URL such as https://wiki.example/banyan/`);
  return url.endsWith('/') ? url : `${url}/`;
}
