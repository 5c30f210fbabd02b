import { defineConfig } from 'vitest/config';

// Three levels, told apart by the file's suffix; the two with servers share one set for the run.
const servers = { globalSetup: ['test/support/global-setup.ts'], testTimeout: 30_000, hookTimeout: 60_000 };

export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: 'unit',
          include: ['test/**/*.test.ts'],
          exclude: ['test/**/*.int.test.ts', 'test/**/*.e2e.test.ts'],
        },
      },
      { test: { name: 'int', include: ['test/**/*.int.test.ts'], ...servers } },
      {
        test: {
          name: 'e2e',
          include: ['test/**/*.e2e.test.ts'],
          fileParallelism: false,
          ...servers,
          testTimeout: 300_000,
        },
      },
    ],
  },
});
