/** Variables that hold the addresses of the parts; when all are set the tests use those parts instead of starting some. */
export const ADDRESS_VARIABLES = [
  'CLICKHOUSE_URL',
  'KAFKA_BROKERS',
  'POSTGRES_URL',
  'TEMPORAL_ADDRESS',
  'OTEL_EXPORTER_OTLP_ENDPOINT',
  'JAEGER_QUERY_URL',
] as const;

declare module 'vitest' {
  interface ProvidedContext {
    /** Addresses of the real parts, by the name of their environment variable. */
    addresses: Record<string, string>;
  }
}
