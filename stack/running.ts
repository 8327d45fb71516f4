import { isAlive } from './procfs.ts';
import { incidentSecrets, readState, spoolDirectory } from './state.ts';
import type { Variables } from './types.ts';

const ADDRESS_VARIABLES = [
  'CLICKHOUSE_URL',
  'POSTGRES_URL',
  'KAFKA_BROKERS',
  'TEMPORAL_ADDRESS',
  'OTEL_EXPORTER_OTLP_ENDPOINT',
  'JAEGER_QUERY_URL',
];

/**
 * The variables by which a command in another terminal finds the stack that runs in this directory: the addresses of
 * the parts, the ports of our processes, and what was set for them, such as the database; what is set here comes before.
 *
 * Empty when no stack runs, and also when the environment names any part elsewhere: half of a local stack mixed with
 * half of another installation would be worse than a clear failure.
 */
export function environmentOfRunningStack(directory: string, environment: Variables): Record<string, string> {
  const state = readState(directory);
  if (state === undefined || !isAlive(state.launcher)) return {};
  const isElsewhere = (name: string) => environment[name] && environment[name] !== state.environment[name];
  if (ADDRESS_VARIABLES.some(isElsewhere)) return {};
  const spool =
    'INGEST_PORT' in state.processPorts ? { INGEST_SPOOL_DIRECTORY: spoolDirectory(directory, environment) } : {};
  const hasToken = !('INCIDENT_PORT' in state.processPorts) || environment['INCIDENT_TOKEN'];
  const token = hasToken ? {} : { INCIDENT_TOKEN: incidentSecrets(directory).token };
  const ports = Object.entries(state.processPorts).map(([name, port]) => [name, String(port)] as const);
  const shared = Object.entries(state.processVariables).filter(([name]) => !environment[name]);
  return { ...token, ...Object.fromEntries(shared), ...state.environment, ...spool, ...Object.fromEntries(ports) };
}
