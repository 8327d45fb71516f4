import { defineConfig } from 'vitest/config';

/** Unit tests lie beside their sources; `test/` runs on the real parts, which a global set-up starts once. */
export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: 'unit',
          include: ['**/*.test.ts'],
          exclude: ['**/node_modules/**', '.unmogrowp/**', 'test/**'],
        },
      },
      {
        test: {
          name: 'parts',
          include: ['test/**/*.test.ts'],
          globalSetup: ['test/support/global-setup.ts'],
          pool: 'forks',
          maxWorkers: 2,
          testTimeout: 60_000,
          hookTimeout: 120_000,
        },
      },
    ],
  },
});
