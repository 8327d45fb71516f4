import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { LOOPBACK } from '../ports.ts';
import { findOnPath, outputOf } from '../toolchain.ts';
import type { Variables } from '../types.ts';
import { versionAtLeast, VERSIONS_ON_PATH_MIN } from '../versions.ts';
import { type GoWrapper, obtainGoWrapper, planGoWrapper } from './go-wrapper.ts';
import {
  flags,
  needed,
  plainEnvironment,
  type Launch,
  type PartDefinition,
  type PartPlan,
  type PrepareContext,
} from './part.ts';

const WRAPPER: GoWrapper = {
  part: 'temporal',
  title: 'Temporal',
  program: 'github.com/temporalio/cli/cmd/temporal',
};
const CONNECT_TIMEOUT_MS = 3_000;

/** How windows are found in Temporal's list; kept in step with the workflows that set them. */
const SEARCH_ATTRIBUTES = ['UnmogrowpTenant=Keyword', 'UnmogrowpWindowStart=Datetime', 'UnmogrowpWindowState=Keyword'];
/** Priority and fairness of task queues (one tenant must not starve another) are off without these. */
const DYNAMIC_CONFIG = ['matching.useNewMatcher=true', 'matching.enableFairness=true'];

/** Temporal: the server and web UI inside Temporal's command line program, data in one file. */
export const temporal: PartDefinition = {
  name: 'temporal',
  title: 'Temporal',
  variables: ['TEMPORAL_ADDRESS'],
  defaultPorts: { grpc: 7233, http: 7243, ui: 8233, metrics: 7253 },
  metricsListener: 'metrics',
  plan: planTemporal,
  obtain: (context) => obtainGoWrapper(WRAPPER, context),
  prepare: prepareTemporal,
  variablesFor: (ports) => ({ TEMPORAL_ADDRESS: `${LOOPBACK}:${ports['grpc']}` }),
  check: checkTemporal,
};

async function planTemporal(environment: Variables): Promise<PartPlan> {
  const installed = findOnPath('temporal', environment);
  if (installed !== undefined) {
    // "temporal version 1.5.1 (Server 1.29.1, UI 2.42.1)": what counts is the server inside.
    const server = /Server (\d+(?:\.\d+)*)/.exec(await outputOf(installed, ['--version'], environment))?.[1];
    if (server !== undefined && versionAtLeast(server, VERSIONS_ON_PATH_MIN.temporalServer)) {
      return { source: 'path', version: `server ${server}`, path: installed, tools: [] };
    }
  }
  return planGoWrapper(WRAPPER, environment);
}

function prepareTemporal({ obtained, dataDirectory, ports, environment }: PrepareContext): Promise<Launch> {
  mkdirSync(dataDirectory, { recursive: true });
  return Promise.resolve({
    command: obtained.path,
    arguments: [
      'server',
      'start-dev',
      ...flags({
        '--ip': LOOPBACK,
        '--port': ports['grpc'] ?? 0,
        '--http-port': ports['http'] ?? 0,
        '--ui-port': ports['ui'] ?? 0,
        '--metrics-port': ports['metrics'] ?? 0,
        '--db-filename': join(dataDirectory, 'temporal.db'),
        '--log-level': 'warn',
      }),
      ...SEARCH_ATTRIBUTES.flatMap((attribute) => ['--search-attribute', attribute]),
      ...DYNAMIC_CONFIG.flatMap((value) => ['--dynamic-config-value', value]),
    ],
    environment: plainEnvironment(environment),
    stopSignal: 'SIGTERM',
    stopTimeoutMs: 15_000,
  });
}

async function checkTemporal(environment: Variables): Promise<string> {
  // Loaded only here: `--help` and the status of other parts do not need the client.
  const { Connection } = await import('@temporalio/client');
  const apiKey = environment['TEMPORAL_API_KEY'];
  const connection = await Connection.connect({
    address: needed(environment, 'TEMPORAL_ADDRESS'),
    connectTimeout: CONNECT_TIMEOUT_MS,
    ...(environment['TEMPORAL_TLS'] === 'true' ? { tls: true } : {}),
    ...(apiKey ? { apiKey } : {}),
  });
  try {
    const namespace = environment['TEMPORAL_NAMESPACE'] || 'default';
    await connection.withDeadline(Date.now() + CONNECT_TIMEOUT_MS, () =>
      connection.workflowService.describeNamespace({ namespace }),
    );
    const { serverVersion } = await connection.workflowService.getSystemInfo({});
    return serverVersion ?? '';
  } finally {
    await connection.close();
  }
}
