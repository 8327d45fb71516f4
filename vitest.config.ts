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
          // A machine on which others measure takes twenty seconds to start a process, and a test starts several.
          testTimeout: 120_000,
          hookTimeout: 180_000,
          // What a test waits for without a limit of its own: Vitest gives up after one second.
          expect: { poll: { timeout: 60_000 } },
        },
      },
    ],
  },
});
