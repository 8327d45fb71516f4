import { join } from 'node:path';
import { stringify } from 'yaml';
import { LOOPBACK } from '../ports.ts';
import type { Ports } from '../types.ts';

const SPANS_KEPT = '48h';

/** Jaeger as one process: OTLP in, spans on disk (Badger), queries out. */
export function jaegerConfig(options: { dataDirectory: string; ports: Ports }): string {
  const at = (listener: string) => ({ endpoint: `${LOOPBACK}:${options.ports[listener]}` });
  return stringify({
    service: {
      extensions: ['jaeger_storage', 'jaeger_query', 'healthcheckv2'],
      pipelines: { traces: { receivers: ['otlp'], processors: ['batch'], exporters: ['jaeger_storage_exporter'] } },
      telemetry: {
        resource: { 'service.name': 'jaeger' },
        metrics: {
          level: 'detailed',
          readers: [{ pull: { exporter: { prometheus: { host: LOOPBACK, port: options.ports['metrics'] } } } }],
        },
        logs: { level: 'warn' },
      },
    },
    extensions: {
      healthcheckv2: { use_v2: true, http: at('health') },
      // Its own queries are not traced: it would send the spans to the default port, whoever listens there.
      jaeger_query: { enable_tracing: false, storage: { traces: 'main' }, http: at('query'), grpc: at('query_grpc') },
      jaeger_storage: {
        backends: {
          main: {
            badger: {
              directories: { keys: join(options.dataDirectory, 'keys'), values: join(options.dataDirectory, 'values') },
              ephemeral: false,
              ttl: { spans: SPANS_KEPT },
            },
          },
        },
      },
    },
    receivers: { otlp: { protocols: { grpc: at('otlp_grpc'), http: at('otlp_http') } } },
    // Small delay: whoever follows one event in the terminal should not wait for the trace.
    processors: { batch: { timeout: '200ms' } },
    exporters: { jaeger_storage_exporter: { trace_storage: 'main' } },
  });
}
