import { expect, it } from 'vitest';
import { toOpenMetrics } from './temporal-metrics.ts';

it('counters of the SDK end with _total like all others, and everything else stays as it is', () => {
  const page = [
    '# HELP temporal_request Count of requests',
    '# TYPE temporal_request counter',
    'temporal_request{operation="Poll"} 3',
    'temporal_request 1',
    '# HELP temporal_request_latency_seconds Latency',
    '# TYPE temporal_request_latency_seconds histogram',
    'temporal_request_latency_seconds_bucket{le="+Inf"} 3',
    '# TYPE temporal_num_pollers gauge',
    'temporal_num_pollers{poller_type="workflow_task"} 2',
    '',
  ];
  expect(toOpenMetrics(page.join('\n'))).toBe(
    [
      ...page.slice(0, 2),
      'temporal_request_total{operation="Poll"} 3',
      'temporal_request_total 1',
      ...page.slice(4),
    ].join('\n'),
  );
});
