import { expect, test } from 'vitest';
import { scrapeTargets } from './targets.ts';

test('each part and process that serves metrics is a target of its own job, and nothing of others', () => {
  const targets = scrapeTargets({
    parts: [
      { name: 'clickhouse', ports: { http: 1, native: 2 } },
      { name: 'postgres', ports: { sql: 3 } },
      { name: 'temporal', ports: { grpc: 4, metrics: 5 } },
      // At an address of the environment.
      { name: 'jaeger', ports: {} },
    ],
    processes: [{ name: 'ingest', metricsUrl: 'http://127.0.0.1:6' }],
  });

  expect(targets).toEqual([
    { targets: ['127.0.0.1:1'], labels: { job: 'clickhouse' } },
    { targets: ['127.0.0.1:5'], labels: { job: 'temporal' } },
    { targets: ['127.0.0.1:6'], labels: { job: 'ingest' } },
  ]);
});
