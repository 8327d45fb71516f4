import { copyFileSync, existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { buildOnce, cachedFolder, runBuildCommand } from '../cache.ts';
import { answerOf, reach } from '../health.ts';
import { LOOPBACK } from '../ports.ts';
import { findOnPath, GO, outputOf } from '../toolchain.ts';
import type { Variables } from '../types.ts';
import { versionAtLeast, VERSIONS, VERSIONS_ON_PATH_MIN } from '../versions.ts';
import { jaegerConfig } from './jaeger-config.ts';
import {
  needed,
  plainEnvironment,
  type Launch,
  type ObtainContext,
  type ObtainedPart,
  type PartDefinition,
  type PartPlan,
  type PrepareContext,
} from './part.ts';

const MODULE = 'github.com/jaegertracing/jaeger/cmd/jaeger';
/** The wrapper module pins Jaeger and everything below it by checksum. */
const WRAPPER_FILES = ['go.mod', 'go.sum', 'tools.go'] as const;

/** Jaeger: built from its Go module; this build has no web UI, `unmogrowp trace` shows traces in the terminal. */
export const jaeger: PartDefinition = {
  name: 'jaeger',
  title: 'Jaeger',
  variables: ['OTEL_EXPORTER_OTLP_ENDPOINT', 'JAEGER_QUERY_URL'],
  defaultPorts: { otlp_grpc: 4317, otlp_http: 4318, query: 16686, query_grpc: 16685, health: 13133, metrics: 8888 },
  plan: planJaeger,
  obtain: obtainJaeger,
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
  const cached = join(cachedFolder(environment, 'jaeger', VERSIONS.jaeger), 'jaeger');
  if (existsSync(cached)) return { source: 'cache', version: VERSIONS.jaeger, path: cached, tools: [] };
  return { source: 'build', version: VERSIONS.jaeger, tools: [GO] };
}

async function obtainJaeger(context: ObtainContext): Promise<ObtainedPart> {
  const { plan, environment, report } = context;
  if (plan.source === 'path')
    return { source: 'path', version: plan.version, path: needed({ path: plan.path }, 'path') };
  const folder = cachedFolder(environment, 'jaeger', VERSIONS.jaeger);
  const source = await buildOnce({
    folder,
    report,
    signal: context.signal,
    build: (building) => buildJaeger(context, building),
  });
  return { source, version: VERSIONS.jaeger, path: join(folder, 'jaeger') };
}

async function buildJaeger({ environment, logFile, report, signal }: ObtainContext, building: string): Promise<void> {
  for (const file of WRAPPER_FILES)
    copyFileSync(fileURLToPath(new URL(`../jaeger/${file}`, import.meta.url)), join(building, file));
  const go = (parameters: readonly string[]) =>
    runBuildCommand({
      title: 'Jaeger',
      command: needed({ go: findOnPath('go', environment) }, 'go'),
      arguments: parameters,
      workingDirectory: building,
      environment: { ...environment, CGO_ENABLED: '0', GOFLAGS: '', GOWORK: 'off' },
      logFile,
      signal,
    });
  report('building', `Jaeger ${VERSIONS.jaeger} from source with Go (minutes, once)`);
  await go(['build', '-ldflags', '-s -w', '-o', 'jaeger', MODULE]);
  for (const file of WRAPPER_FILES) rmSync(join(building, file));
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
