import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import type { StackPartName } from '../types.ts';
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
  ['prometheus', "echo 'prometheus, version 3.4.1 (branch: HEAD)'", 'path', '3.4.1'],
  ['prometheus', "echo 'prometheus, version 2.42.0+ds (branch: debian/sid)'", 'build', VERSIONS.prometheus],
  ['alertmanager', "echo 'alertmanager, version 0.25.0+ds'", 'build', VERSIONS.alertmanager],
  ['loki', "echo 'loki, version 3.5.0 (branch: release-3.5.x)'", 'path', '3.5.0'],
  // Debian has a program of genetics under this name.
  ['loki', "echo 'LOKI 2.4.7'", 'build', VERSIONS.loki],
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
  ['prometheus', VERSIONS.prometheus, []],
  ['alertmanager', VERSIONS.alertmanager, []],
  ['loki', VERSIONS.loki, []],
] as const)('%s %s in the cache needs only %s', async ([name, version, tools]) => {
  const { root, environment } = emptyMachine();
  program(join(root, 'cache', name, version, name), 'true');

  const plan = await PARTS[name as StackPartName].plan(environment);

  expect(plan).toMatchObject({ source: 'cache', version });
  expect(plan.tools.map((tool) => tool.program)).toEqual(tools);
});

test.for([
  [{}, 'set GRAFANA_HOME'],
  [{ GRAFANA_HOME: '/dev' }, '/dev/bin/grafana does not exist'],
] as const)('Grafana cannot be had from %j, and why is told', async ([variables, reason]) => {
  const { environment } = emptyMachine();

  const plan = await PARTS.grafana.plan({ ...environment, ...variables });

  expect(plan.impossible).toContain(reason);
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
