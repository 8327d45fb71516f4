import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestProject } from 'vitest/node';
import { ADDRESS_VARIABLES } from './addresses.ts';

/** Starts the real parts once for all test files, in a folder and on ports of their own, and stops them at the end. */
export default async function setup(project: TestProject): Promise<(() => Promise<void>) | undefined> {
  const given = Object.fromEntries(
    ADDRESS_VARIABLES.flatMap((name) => (process.env[name] ? [[name, process.env[name]]] : [])),
  );
  if (Object.keys(given).length === ADDRESS_VARIABLES.length) {
    project.provide('addresses', given);
    return undefined;
  }
  // Loaded only when it is needed: with all addresses given, no part is built or started.
  const { startStack } = await import('../../stack/stack.ts');
  const directory = mkdtempSync(join(tmpdir(), 'unmogrowp-tests-'));
  const stack = await startStack({ directory, environment: process.env, freePorts: true });
  project.provide('addresses', stack.environment);
  return async () => {
    await stack.stop();
    rmSync(directory, { recursive: true, force: true });
  };
}
