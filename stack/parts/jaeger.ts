import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { answerOf, reach } from '../health.ts';
import { LOOPBACK } from '../ports.ts';
import { findOnPath, outputOf } from '../toolchain.ts';
import type { Variables } from '../types.ts';
import { versionAtLeast, VERSIONS_ON_PATH_MIN } from '../versions.ts';
import { type GoWrapper, obtainGoWrapper, planGoWrapper } from './go-wrapper.ts';
import { jaegerConfig } from './jaeger-config.ts';
import {
  needed,
  plainEnvironment,
  type Launch,
  type PartDefinition,
  type PartPlan,
  type PrepareContext,
} from './part.ts';

const WRAPPER: GoWrapper = {
  part: 'jaeger',
  title: 'Jaeger',
  program: 'github.com/jaegertracing/jaeger/cmd/jaeger',
};

/** Jaeger: built from its Go module; this build has no web UI, `unmogrowp trace` shows traces in the terminal. */
export const jaeger: PartDefinition = {
  name: 'jaeger',
  title: 'Jaeger',
  variables: ['OTEL_EXPORTER_OTLP_ENDPOINT', 'JAEGER_QUERY_URL'],
  defaultPorts: { otlp_grpc: 4317, otlp_http: 4318, query: 16686, query_grpc: 16685, health: 13133, metrics: 8888 },
  metricsListener: 'metrics',
  plan: planJaeger,
  obtain: (context) => obtainGoWrapper(WRAPPER, context),
  prepare: prepareJaeger,
  variablesFor: (ports) => ({
    OTEL_EXPORTER_OTLP_ENDPOINT: `http://${LOOPBACK}:${ports['otlp_grpc']}`,
    JAEGER_QUERY_URL: `http://${LOOPBACK}:${ports['query']}`,
  }),
  check: checkJaeger,
};

async function planJaeger(environment: Variables): Promise<PartPlan> {
  const installed = findOnPath('jaeger', environment);
  if (installed !== undefined) {
    const version = /"gitVersion":"v?(\d+(?:\.\d+)*)/.exec(await outputOf(installed, ['version'], environment))?.[1];
    if (version !== undefined && versionAtLeast(version, VERSIONS_ON_PATH_MIN.jaeger)) {
      return { source: 'path', version, path: installed, tools: [] };
    }
  }
  return planGoWrapper(WRAPPER, environment);
}

function prepareJaeger({ obtained, dataDirectory, ports, environment }: PrepareContext): Promise<Launch> {
  mkdirSync(dataDirectory, { recursive: true });
  const configFile = join(dataDirectory, 'config.yaml');
  writeFileSync(configFile, jaegerConfig({ dataDirectory, ports }));
  return Promise.resolve({
    command: obtained.path,
    arguments: ['--config', configFile],
    environment: plainEnvironment(environment),
    stopSignal: 'SIGTERM',
    stopTimeoutMs: 15_000,
  });
}

async function checkJaeger(environment: Variables): Promise<undefined> {
  await answerOf(`${needed(environment, 'JAEGER_QUERY_URL')}/api/v3/services`);
  await reach(needed(environment, 'OTEL_EXPORTER_OTLP_ENDPOINT'));
}
