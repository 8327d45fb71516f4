import type { Level } from 'pino';
import type { Env } from '../env.ts';
import type { LokiAddress } from '../otel/loki.ts';

interface TelemetrySettings {
  environment: string;
  level: Level | 'silent';
  endpoint: string | undefined;
  sampleRatio: number;
  loki: LokiAddress | undefined;
}

/** How the environment says where logs and traces go. */
export function telemetrySettings(env: Env): TelemetrySettings {
  const { LOKI_URL: url, LOKI_USERNAME: username, LOKI_PASSWORD: password, LOKI_TENANT: tenant } = env;
  return {
    environment: env.ENVIRONMENT,
    level: env.LOG_LEVEL,
    endpoint: env.OTEL_EXPORTER_OTLP_ENDPOINT,
    sampleRatio: env.TRACE_SAMPLE_RATIO,
    loki: url === undefined ? undefined : { url, username, password, tenant },
  };
}
