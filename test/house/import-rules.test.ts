import { execFile } from 'node:child_process';
import { copyFile, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';

const root = fileURLToPath(new URL('../..', import.meta.url));

/** What each rule must report: the file that offends, and the text that does it. */
const offences: Record<string, readonly [file: string, text: string]> = {
  'runtime-imports': ['runtime/a.ts', "import '../contexts/stage.ts';"],
  'contexts-imports': ['contexts/a.ts', "import '../runtime/log.ts';"],
  'outbox-imports': ['outbox/a.ts', "import type { Log } from '../gateway/inside.ts';"],
  'gateway-imports': ['gateway/a.ts', "import '../outbox/event.ts';"],
  'relay-imports': ['relay/a.ts', "export type { Stage } from '../contexts/stage.ts';"],
  'consumer-imports': ['consumer/a.ts', "import { append } from '../outbox/append.ts';"],
  'legacy-adapter-imports': ['legacy-adapter/a.ts', "export const a = () => import('../gateway/inside.ts');"],
  'control-plane-imports': ['control-plane/a.ts', "import '../gateway/inside.ts';"],
  'cli-imports': ['cli/c.ts', "import '../control-plane/api.ts';"],
  'nobody-imports-a-main': ['demo/a.ts', "import '../cli/main.ts';"],
  'nobody-imports-demo': ['cli/a.ts', "import '../demo/story.ts';"],
  'nobody-imports-test-or-bench': ['demo/b.ts', "import '../test/support.ts';"],
  'proxying-only-in-forwarding': ['gateway/b.ts', "import { request } from 'undici';"],
  'aws-only-at-the-two-ends': ['relay/b.ts', "import type { KinesisClient } from '@aws-sdk/client-kinesis';"],
  'opentelemetry-only-in-spans': ['gateway/d.ts', "import { trace } from '@opentelemetry/api';"],
  'bullmq-only-in-jobs': ['relay/c.ts', "import { Queue } from 'bullmq';"],
  'prisma-only-behind-the-store': ['outbox/b.ts', "import { PrismaMariaDb } from '@prisma/adapter-mariadb';"],
  'only-declared-dependencies': ['runtime/b.ts', "import knex from 'knex';"],
  'no-unresolvable': ['runtime/c.ts', "import './not-there.ts';"],
  'no-circular': ['runtime/d.ts', "import { e } from './e.ts'; export const d = 1; void e;"],
};

/** Files that offend nothing: what the offences import, and one right example for most rules. */
const blameless: Record<string, string> = {
  'runtime/e.ts': "import { d } from './d.ts'; export const e = 1; void d;",
  'runtime/log.ts': 'export type Log = string;',
  'contexts/stage.ts': 'export type Stage = string;',
  'outbox/event.ts': "import '../runtime/log.ts';",
  'outbox/append.ts': "import './event.ts'; export const append = 1;",
  'outbox/adapters/prisma.ts': "import type { PrismaMariaDb } from '@prisma/adapter-mariadb';",
  'gateway/inside.ts': "import '../contexts/stage.ts'; import '../runtime/log.ts'; export type Log = string;",
  'gateway/start-gateway.ts': "import './inside.ts'; export type Gateway = 1;",
  'gateway/forwarding/forward.ts': "import { request } from 'undici';",
  'relay/kinesis-publisher.ts': "import '../outbox/append.ts'; import '@aws-sdk/client-kinesis';",
  'relay/jobs/purge.ts': "import { Queue } from 'bullmq';",
  'consumer/shard-reader.ts': "import '@aws-sdk/client-kinesis'; import '../outbox/event.ts';",
  'legacy-adapter/capture.ts': "import '../outbox/append.ts'; import '../consumer/shard-reader.ts';",
  'control-plane/api.ts': "import '../gateway/start-gateway.ts'; import '@prisma/adapter-mariadb';",
  'control-plane/index.ts': "export * from './api.ts'; export * from './client.ts';",
  'control-plane/client.ts': 'export type Problem = string;',
  'cli/main.ts':
    "import '../control-plane/index.ts'; import '../control-plane/client.ts'; import '../gateway/start-gateway.ts'; import '../runtime/log.ts';",
  'demo/story.ts': "import 'undici'; import '../gateway/inside.ts'; import 'bullmq';",
  'test/support.ts': "import '../demo/story.ts'; import 'knex';",
};

interface Cruise {
  readonly found: readonly { rule: string; file: string }[];
  readonly rules: readonly { name: string; comment: string }[];
}

async function cruise(folder: string): Promise<Cruise> {
  const bin = join(root, 'node_modules/dependency-cruiser/bin/dependency-cruiser.mjs');
  const output = await new Promise<string>((resolve, reject) => {
    execFile(
      process.execPath,
      [bin, '--config', '.dependency-cruiser.mjs', '--output-type', 'json', '.'],
      { cwd: folder, maxBuffer: 64 * 1024 * 1024 },
      // The number of violations is its exit code; what it couldn't read at all, it says on stderr.
      (error, stdout, stderr) =>
        stdout.startsWith('{') ? resolve(stdout) : reject(new Error(stderr, { cause: error })),
    );
  });
  const { summary, modules } = JSON.parse(output) as {
    summary: {
      violations: { from: string; rule: { name: string } }[];
      ruleSetUsed: { forbidden: { name: string; comment: string }[] };
    };
    modules: unknown[];
  };
  expect(modules.length).toBeGreaterThan(20);
  return {
    found: summary.violations.map(({ from, rule }) => ({ rule: rule.name, file: from })),
    rules: summary.ruleSetUsed.forbidden,
  };
}

const folders: string[] = [];
let offended: Cruise;

beforeAll(async () => {
  const folder = await mkdtemp(join(tmpdir(), 'banyan-house-'));
  folders.push(folder);
  const files = { ...blameless, ...Object.fromEntries(Object.values(offences)) };
  for (const [file, text] of Object.entries(files)) {
    await mkdir(join(folder, dirname(file)), { recursive: true });
    await writeFile(join(folder, file), text);
  }
  await copyFile(join(root, '.dependency-cruiser.mjs'), join(folder, '.dependency-cruiser.mjs'));
  await copyFile(join(root, 'package.json'), join(folder, 'package.json'));
  await symlink(join(root, 'node_modules'), join(folder, 'node_modules'));
  offended = await cruise(folder);
});

afterAll(async () => {
  for (const folder of folders) await rm(folder, { recursive: true });
});

test('the house keeps its import rules', async () => {
  expect((await cruise(root)).found).toEqual([]);
});

test('every import rule has a reason and an offence to try it with', () => {
  expect(offended.rules.map(({ name }) => name)).toEqual(Object.keys(offences));
  for (const { name, comment } of offended.rules) expect(comment.length, name).toBeGreaterThan(40);
});

test.each(Object.entries(offences))('the rule %s bites', (rule, [file]) => {
  expect(offended.found).toContainEqual({ rule, file });
});

test('what the rules allow is not reported', () => {
  const [first, second] = ['runtime/d.ts', 'runtime/e.ts']; // one cycle, reported from either side
  expect(offended.found.filter(({ file }) => file in blameless && file !== first && file !== second)).toEqual(
    [],
  );
});
