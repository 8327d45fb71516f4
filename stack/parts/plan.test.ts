import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import type { PartName } from '../types.ts';
import { VERSIONS } from '../versions.ts';
import { PARTS } from './all.ts';

const temporal = (server: string) => `echo 'temporal version 1.5.1 (Server ${server}, UI 2.42.1)'`;
const jaeger = (version: string) => `echo '{"gitCommit":"abc","gitVersion":"${version}","buildDate":""}'`;

test.for([
  ['temporal', temporal('1.29.1'), 'path', 'server 1.29.1'],
  ['temporal', temporal('1.28.4'), 'build', VERSIONS.temporal],
  ['temporal', 'exit 1', 'build', VERSIONS.temporal],
  ['jaeger', jaeger('v2.21.0'), 'path', '2.21.0'],
  ['jaeger', jaeger('v1.62.0'), 'build', '1.76.0'],
  ['jaeger', jaeger(''), 'build', '1.76.0'],
] as const)('%s on the PATH that says "%s" comes from: %s', async ([name, script, source, version]) => {
  const { root, environment } = emptyMachine();
  program(join(root, 'bin', name), script);

  expect(await PARTS[name].plan(environment)).toMatchObject({ source, version });
});

test.for([
  ['kafka-server-4.1.0.jar', 'path', '4.1.0'],
  ['kafka-server-3.9.1.jar', 'build', '4.4.0'],
] as const)('an installed Kafka with %s comes from: %s', async ([jar, source, version]) => {
  const { root, environment } = emptyMachine();
  program(join(root, 'bin', 'kafka-server-start.sh'), 'true');
  mkdirSync(join(root, 'libs'));
  writeFileSync(join(root, 'libs', jar), '');

  expect(await PARTS.kafka.plan(environment)).toMatchObject({ source, version });
});

test.for([
  ['kafka', '4.4.0', ['java']],
  ['temporal', VERSIONS.temporal, []],
  ['jaeger', '1.76.0', []],
] as const)('%s %s in the cache needs only %s', async ([name, version, tools]) => {
  const { root, environment } = emptyMachine();
  program(join(root, 'cache', name, version, name), 'true');

  const plan = await PARTS[name as PartName].plan(environment);

  expect(plan).toMatchObject({ source: 'cache', version });
  expect(plan.tools.map((tool) => tool.program)).toEqual(tools);
});

/** A machine with a shell and nothing of ours. */
function emptyMachine(): { root: string; environment: Record<string, string> } {
  const root = mkdtempSync(join(tmpdir(), 'unmogrowp-plan-test-'));
  onTestFinished(() => rmSync(root, { recursive: true, force: true }));
  return { root, environment: { PATH: join(root, 'bin'), UNMOGROWP_CACHE_DIRECTORY: join(root, 'cache') } };
}

function program(file: string, script: string): void {
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, `#!/bin/sh\n${script}\n`);
  chmodSync(file, 0o755);
}
