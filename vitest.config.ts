import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

// Hundreds of processes are started from the same few hundred files: Node.js keeps what it has compiled.
process.env['NODE_COMPILE_CACHE'] ??= fileURLToPath(new URL('node_modules/.cache/node', import.meta.url));

// Three levels, told apart by the file's suffix; the two with servers share one set for the run. A time-out is there
// for what hangs: a slow machine may take long.
const servers = { globalSetup: ['test/support/global-setup.ts'], testTimeout: 120_000, hookTimeout: 120_000 };
// Tests with servers wait more than they compute.
const parallel = { maxWorkers: Math.max(3, availableParallelism() - 1), sequence: { groupOrder: 0 } };
// These look at all transactions of the server, and other tests' would be among them.
const watching = ['cli/lag', 'consumer/consumer', 'control-plane/lag', 'outbox/lag-open-transaction'].map(
  (name) => `test/${name}.int.test.ts`,
);
// The whole product wants the machine for itself, and they the server.
const alone = { maxWorkers: 1, sequence: { groupOrder: 1 } };

export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: 'unit',
          include: ['test/**/*.test.ts'],
          exclude: ['test/**/*.int.test.ts', 'test/**/*.e2e.test.ts'],
          testTimeout: 60_000,
          ...parallel,
        },
      },
      {
        test: {
          name: 'int',
          include: ['test/**/*.int.test.ts'],
          exclude: watching,
          ...parallel,
          ...servers,
        },
      },
      { test: { name: 'int-alone', include: watching, ...alone, ...servers } },
      {
        test: {
          name: 'e2e',
          include: ['test/**/*.e2e.test.ts'],
          ...alone,
          ...servers,
          testTimeout: 300_000,
        },
      },
    ],
  },
});
