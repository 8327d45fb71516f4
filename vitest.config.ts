import { defineConfig } from 'vitest/config';

/** What is waited for comes as fast as the machine can: one on which others work takes many seconds for what else takes none. */
const WAITS = { poll: { timeout: 60_000 } };

/** Unit tests lie beside their sources; `test/` runs on the real parts, which a global set-up starts once. */
export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: 'unit',
          expect: WAITS,
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
          expect: WAITS,
        },
      },
    ],
  },
});
