import { InvalidArgumentError, type Command } from 'commander';
import { describeStage } from '../../contexts/index.ts';
import {
  describeChange,
  type AuditEntry,
  type ChangeResult,
  type ContextList,
} from '../../control-plane/client.ts';
import {
  clientOf,
  formatTable,
  printJson,
  withClientOptions,
  type ClientOptions,
} from '../client-options.ts';
import { formatAge } from '../format-age.ts';

interface Consent extends ClientOptions {
  readonly unsafe?: boolean;
  readonly reason?: string;
  readonly wait?: number;
}

/** `banyan context list|set|undo|audit` */
export function register(program: Command): void {
  const context = program.command('context').description("see and change the contexts' stages");

  withClientOptions(context.command('list'))
    .description('every context with its stages and who changed it last')
    .action(async (options: ClientOptions, command: Command) => {
      const list = await clientOf(command).get<ContextList>('/v1/contexts');
      if (options.json) printJson(list);
      else process.stdout.write(formatList(list));
    });

  withConsent(context.command('set <context>'))
    .description('move the reads or the writes of a context, and see which gateways took it over')
    .option('--reads <stage>', 'legacy, shadow, canary (with --percent), extracted or retired')
    .option('--percent <number>', "the canary's share of cohorts, 0 to 100", percentage)
    .option(
      '--include <cohorts>',
      "cohorts of the canary whatever the percentage, as 'a,b'; '' for none",
      list,
    )
    .option(
      '--exclude <cohorts>',
      "cohorts that stay out whatever the percentage, as 'a,b'; '' for none",
      list,
    )
    .option('--writes <stage>', 'legacy, extracted or retired; needs --unsafe and --reason')
    .action(
      async (
        name: string,
        {
          reads,
          percent,
          include,
          exclude,
          writes,
          ...options
        }: Consent & {
          reads?: string;
          percent?: number;
          include?: string[];
          exclude?: string[];
          writes?: string;
        },
        command: Command,
      ) => {
        const path = `/v1/contexts/${encodeURIComponent(name)}`;
        const body = { reads, percent, include, exclude, writes, ...consent(options) };
        report(await clientOf(command).post<ChangeResult>(path, body), options);
      },
    );

  withConsent(context.command('undo <context>'))
    .description("take a context's latest change back; again, the change before that")
    .action(async (name: string, options: Consent, command: Command) => {
      const path = `/v1/contexts/${encodeURIComponent(name)}/undo`;
      report(await clientOf(command).post<ChangeResult>(path, consent(options)), options);
    });

  withClientOptions(context.command('audit [context]'))
    .description('who changed what, when and why, the newest first')
    .option('--limit <number>', 'how many changes to show', '20')
    .action(
      async (name: string | undefined, options: ClientOptions & { limit: string }, command: Command) => {
        const query = new URLSearchParams({ limit: options.limit, ...(name ? { context: name } : {}) });
        const { entries } = await clientOf(command).get<{ entries: AuditEntry[] }>(`/v1/audit?${query}`);
        if (options.json) printJson({ entries });
        else process.stdout.write(formatAudit(entries));
      },
    );
}

function withConsent(command: Command): Command {
  return withClientOptions(command)
    .option('--unsafe', 'move writes although writes and events may be in flight')
    .option('--reason <text>', 'why; the audit keeps it')
    .option('--wait <seconds>', 'how long to wait for the gateways', seconds, 2);
}

const consent = ({ unsafe, reason, wait }: Consent) => ({ unsafe, reason, wait: (wait ?? 2) * 1_000 });

/** Exit code 1 when a gateway didn't take the change over: it is committed, and not everywhere in force. */
function report(result: ChangeResult, { json }: ClientOptions): void {
  if (json) printJson(result);
  else process.stdout.write(formatChange(result));
  if (result.missing.length > 0 || result.unknown !== undefined) process.exitCode = 1;
}

/** What a change came to, in two lines, and one more for every gateway that didn't take it over. */
export function formatChange(result: ChangeResult): string {
  const { context, before, after, revision, generation, confirmed, missing, unknown } = result;
  const last = Math.max(...confirmed.map(({ afterMs }) => afterMs));
  const lines = [`${context}: ${describeChange(before, after)}`];
  if (unknown !== undefined) {
    lines.push(`revision ${revision} is stored; which gateways have it is unknown: ${unknown}`);
  } else if (confirmed.length + missing.length === 0) {
    lines.push(`revision ${revision} is stored; no gateway is registered, the next one to start takes it`);
  } else {
    const when = confirmed.length > 0 && result.changed ? `, the last after ${Math.ceil(last)} ms` : '';
    lines.push(`${result.summary}${when}`);
  }
  for (const { gateway, revision: at, generation: of, lastSeenAgoMs, unreadable } of missing) {
    if (unreadable !== undefined) {
      lines.push(`${gateway} is at an unknown revision: ${unreadable}`);
      continue;
    }
    const life = of === generation ? '' : ' of an earlier store';
    lines.push(`${gateway} is at revision ${at}${life}, last seen ${formatAge(lastSeenAgoMs)} ago`);
  }
  return lines.map((line) => `${line}\n`).join('');
}

function formatList({ revision, contexts }: ContextList): string {
  const rows = contexts.map(({ name, reads, writes, upstream, lastChange }) => [
    name,
    describeStage(reads),
    describeStage(writes),
    upstream,
    lastChange ? `${lastChange.at.slice(0, 19)}Z ${lastChange.action} by ${lastChange.actor}` : '',
  ]);
  return `${formatTable(['context', 'reads', 'writes', 'upstream', 'last change'], rows)}revision ${revision}\n`;
}

function formatAudit(entries: readonly AuditEntry[]): string {
  const rows = entries.map(({ revision, at, actor, action, context, before, after, reason, kill }) => [
    String(revision),
    `${at.slice(0, 19)}Z`,
    actor,
    action,
    context,
    before && after
      ? describeChange(before, after)
      : after
        ? `reads ${describeStage(after.reads)}, writes ${describeStage(after.writes)}`
        : kill
          ? `on ${kill.gateway} at ${kill.at.slice(0, 19)}Z${kill.consent ? `, ${kill.consent}` : ''}`
          : '',
    reason ?? '',
  ]);
  return formatTable(['revision', 'at', 'by', 'action', 'context', 'change', 'reason'], rows);
}

function list(text: string): string[] {
  return text
    .split(',')
    .map((entry) => entry.trim())
    .filter((entry) => entry !== '');
}

function percentage(text: string): number {
  const value = Number(text.replace(/ ?%$/, '').trim() || Number.NaN);
  if (!Number.isFinite(value)) throw new InvalidArgumentError('A number from 0 to 100 is required.');
  return value;
}

function seconds(text: string): number {
  const value = Number(text.replace(/ ?s$/, '').trim() || Number.NaN);
  if (!(value >= 0 && value <= 60)) throw new InvalidArgumentError('Seconds from 0 to 60 are required.');
  return value;
}
