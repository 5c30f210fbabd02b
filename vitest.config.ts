import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

// Hundreds of processes are started from the same few hundred files: Node.js keeps what it has compiled.
process.env['NODE_COMPILE_CACHE'] ??= fileURLToPath(new URL('node_modules/.cache/node', import.meta.url));

// Three levels, told apart by the file's suffix; those with servers have a set per project and run. A time-out
// is there for what hangs: a slow machine may take long.
const servers = {
  globalSetup: ['test/support/global-setup.ts'],
  testTimeout: 120_000,
  hookTimeout: 120_000,
  // In CI, where the machine may stand still for seconds, a test with servers has a second try. `.ci/run` tells of each that
  // needed it: it is a defect to be mended. Tests of order and loss have one try, wherever they run.
  retry: process.env['BANYAN_TEST_SECOND_TRY'] ? 1 : 0,
};
// Our modules keep no state of their own, so that files can share a worker's; loading them anew costs more than most tests.
const shared = { isolate: false };
// Tests with servers wait more than they compute, and one of these at any time is one that takes minutes to.
const parallel = {
  ...shared,
  maxWorkers: Math.max(4, availableParallelism() - 1),
  sequence: { groupOrder: 0 },
};
// Each of these plays the whole product, and waits for half of the time.
const paired = { ...shared, maxWorkers: 2, sequence: { groupOrder: 2 } };
// Nothing runs beside a test that holds us to milliseconds, or that counts what a demo leaves behind.
const alone = { ...shared, maxWorkers: 1, sequence: { groupOrder: 1 } };

// These look at all transactions of the server, and other tests' would be among them; or hold us to milliseconds.
const quiet = [
  'cli/lag',
  'consumer/consumer',
  'control-plane/lag',
  'control-plane/toggle-time',
  'outbox/lag-open-transaction',
].map((name) => `test/${name}.int.test.ts`);
// These wait most of the time, for a server that is away or a package that comes; or are told to bear anything.
const waiting = [
  'test/**/*-weather.e2e.test.ts',
  'test/**/drain.e2e.test.ts',
  'test/packages.e2e.test.ts',
  'test/chaos/**/*.e2e.test.ts',
];

const counting = ['test/demo/demo.e2e.test.ts'];

export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: 'unit',
          include: ['test/**/*.test.ts'],
          exclude: ['test/**/*.int.test.ts', 'test/**/*.e2e.test.ts'],
          testTimeout: 60_000,
          hookTimeout: 60_000,
          ...parallel,
        },
      },
      {
        test: {
          name: 'int',
          include: ['test/**/*.int.test.ts'],
          exclude: quiet,
          ...servers,
          ...parallel,
        },
      },
      { test: { name: 'int-quiet', include: quiet, ...servers, ...alone } },
      {
        test: {
          name: 'e2e',
          include: ['test/**/*.e2e.test.ts'],
          exclude: [...waiting, ...counting],
          ...servers,
          ...paired,
          testTimeout: 600_000,
        },
      },
      { test: { name: 'e2e-alone', include: counting, ...servers, ...alone, testTimeout: 600_000 } },
      { test: { name: 'e2e-waiting', include: waiting, ...servers, ...parallel, testTimeout: 600_000 } },
    ],
  },
});
