import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { answerOf } from '../health.ts';
import { LOOPBACK } from '../ports.ts';
import type { Variables } from '../types.ts';
import { VERSIONS_ON_PATH_MIN } from '../versions.ts';
import { ruleText } from './alerts-directory.ts';
import { type GoWrapper, obtainGoWrapper, planInstalledOrWrapper } from './go-wrapper.ts';
import { LOKI_TENANT, lokiConfig } from './loki-config.ts';
import { needed, plainEnvironment, type Launch, type PartDefinition, type PrepareContext } from './part.ts';

export const LOKI_WRAPPER: GoWrapper = {
  part: 'loki',
  title: 'Loki',
  program: 'github.com/grafana/loki/v3/cmd/loki',
  tools: ['github.com/grafana/loki/v3/cmd/lokitool'],
  versionVariable: 'github.com/grafana/loki/v3/pkg/util/build.Version',
};

/** Loki: built from its Go module; our processes send it their log lines when LOKI_URL is set. */
export const loki: PartDefinition = {
  name: 'loki',
  title: 'Loki',
  variables: ['LOKI_URL'],
  defaultPorts: { http: 3100, grpc: 9095 },
  metricsListener: 'http',
  after: ['alertmanager'],
  plan: (environment) => planInstalledOrWrapper(LOKI_WRAPPER, environment, VERSIONS_ON_PATH_MIN.loki),
  obtain: (context) => obtainGoWrapper(LOKI_WRAPPER, context),
  prepare: prepareLoki,
  variablesFor: (ports) => ({ LOKI_URL: `http://${LOOPBACK}:${ports['http']}` }),
  check: checkLoki,
};

function prepareLoki(context: PrepareContext): Promise<Launch> {
  const { obtained, dataDirectory, environment, tuning } = context;
  const rules = join(dataDirectory, 'rules', LOKI_TENANT);
  // Rules that are gone from the file must be gone from the ruler too.
  rmSync(rules, { recursive: true, force: true });
  mkdirSync(rules, { recursive: true });
  const text = ruleText('loki.yaml', tuning);
  if (text !== undefined) writeFileSync(join(rules, 'loki.yaml'), text);
  const configFile = join(dataDirectory, 'config.yaml');
  writeFileSync(configFile, lokiConfig(context));
  return Promise.resolve({
    command: obtained.path,
    arguments: [`-config.file=${configFile}`],
    environment: plainEnvironment(environment),
    stopSignal: 'SIGTERM',
    stopTimeoutMs: 20_000,
  });
}

async function checkLoki(environment: Variables): Promise<string> {
  const url = needed(environment, 'LOKI_URL');
  await answerOf(`${url}/ready`);
  return (JSON.parse(await answerOf(`${url}/loki/api/v1/status/buildinfo`)) as { version: string }).version;
}
