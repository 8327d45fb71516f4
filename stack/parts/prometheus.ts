import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { answerOf } from '../health.ts';
import { LOOPBACK } from '../ports.ts';
import type { Variables } from '../types.ts';
import { VERSIONS_ON_PATH_MIN } from '../versions.ts';
import { type GoWrapper, obtainGoWrapper, planInstalledOrWrapper } from './go-wrapper.ts';
import { flags, needed, plainEnvironment, type Launch, type PartDefinition, type PrepareContext } from './part.ts';
import { prometheusConfig } from './prometheus-config.ts';

export const PROMETHEUS_WRAPPER: GoWrapper = {
  part: 'prometheus',
  title: 'Prometheus',
  program: 'github.com/prometheus/prometheus/cmd/prometheus',
  tools: ['github.com/prometheus/prometheus/cmd/promtool'],
  // Only targets from files and fixed ones: a module below one of the discoveries of clouds is not to be had.
  buildTags: 'remove_all_sd',
  versionVariable: 'github.com/prometheus/common/version.Version',
};

const SAMPLES_KEPT = '15d';

/** Prometheus: built from its Go module; this build has no web page, the boards and `promtool query` read it. */
export const prometheus: PartDefinition = {
  name: 'prometheus',
  title: 'Prometheus',
  variables: ['PROMETHEUS_URL'],
  defaultPorts: { http: 9090 },
  metricsListener: 'http',
  after: ['alertmanager'],
  plan: (environment) => planInstalledOrWrapper(PROMETHEUS_WRAPPER, environment, VERSIONS_ON_PATH_MIN.prometheus),
  obtain: (context) => obtainGoWrapper(PROMETHEUS_WRAPPER, context),
  prepare: preparePrometheus,
  variablesFor: (ports) => ({ PROMETHEUS_URL: `http://${LOOPBACK}:${ports['http']}` }),
  check: checkPrometheus,
};

function preparePrometheus(context: PrepareContext): Promise<Launch> {
  const { obtained, dataDirectory, ports, environment } = context;
  mkdirSync(dataDirectory, { recursive: true });
  const configFile = join(dataDirectory, 'prometheus.yaml');
  writeFileSync(configFile, prometheusConfig(context));
  const address = `${LOOPBACK}:${ports['http']}`;
  return Promise.resolve({
    command: obtained.path,
    arguments: [
      ...flags({
        '--config.file': configFile,
        '--storage.tsdb.path': join(dataDirectory, 'samples'),
        '--storage.tsdb.retention.time': SAMPLES_KEPT,
        '--web.listen-address': address,
        '--web.external-url': `http://${address}`,
        '--enable-feature': 'exemplar-storage',
        '--log.level': 'warn',
      }),
    ],
    environment: plainEnvironment(environment),
    stopSignal: 'SIGTERM',
    stopTimeoutMs: 20_000,
  });
}

async function checkPrometheus(environment: Variables): Promise<string> {
  const url = needed(environment, 'PROMETHEUS_URL');
  await answerOf(`${url}/-/ready`);
  const answer = JSON.parse(await answerOf(`${url}/api/v1/status/buildinfo`)) as { data: { version: string } };
  return answer.data.version;
}
