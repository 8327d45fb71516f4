import { join } from 'node:path';
import { stringify } from 'yaml';
import { LOOPBACK } from '../ports.ts';
import { scrapeInterval } from './alerts-directory.ts';
import type { PrepareContext } from './part.ts';

const LINES_KEPT = '168h';
/** The only tenant of a Loki that does not ask who somebody is. */
export const LOKI_TENANT = 'fake';

/** Loki as one process with everything on disk; its ruler reads the rules of its only tenant from a folder. */
export function lokiConfig(context: Pick<PrepareContext, 'dataDirectory' | 'ports' | 'addresses' | 'tuning'>): string {
  const { dataDirectory, ports, addresses, tuning } = context;
  const inMemory = { kvstore: { store: 'inmemory' } };
  const alertmanager = addresses['ALERTMANAGER_URL'];
  return stringify({
    auth_enabled: false,
    analytics: { reporting_enabled: false },
    server: {
      http_listen_address: LOOPBACK,
      http_listen_port: ports['http'],
      grpc_listen_address: LOOPBACK,
      grpc_listen_port: ports['grpc'],
      log_level: 'warn',
    },
    common: {
      instance_addr: LOOPBACK,
      path_prefix: dataDirectory,
      replication_factor: 1,
      ring: { instance_addr: LOOPBACK, ...inMemory },
      storage: { filesystem: { chunks_directory: join(dataDirectory, 'chunks') } },
    },
    schema_config: {
      configs: [
        {
          from: '2020-10-24',
          store: 'tsdb',
          object_store: 'filesystem',
          schema: 'v13',
          index: { prefix: 'index_', period: '24h' },
        },
      ],
    },
    // Nobody else has to learn of this one first.
    ingester: { lifecycler: { min_ready_duration: '0s', final_sleep: '0s' } },
    // By default the parts of this one process look for each other every ten seconds, and it is not ready before.
    frontend: { scheduler_dns_lookup_period: '500ms' },
    frontend_worker: { dns_lookup_duration: '500ms' },
    // Labels are those that the logger sends, and no others.
    limits_config: { retention_period: LINES_KEPT, discover_service_name: [], discover_log_levels: false },
    compactor: {
      working_directory: join(dataDirectory, 'compactor'),
      retention_enabled: true,
      delete_request_store: 'filesystem',
    },
    ruler: {
      storage: { type: 'local', local: { directory: join(dataDirectory, 'rules') } },
      rule_path: join(dataDirectory, 'rules-in-use'),
      evaluation_interval: scrapeInterval(tuning),
      poll_interval: '10s',
      ring: inMemory,
      enable_api: true,
      ...(alertmanager ? { alertmanager_url: alertmanager, enable_alertmanager_v2: true } : {}),
    },
  });
}
