import { describe, expect, it } from 'vitest';
import { createMetrics } from '../otel/metrics.ts';
import { INGEST_METRICS } from '../otel/registry/ingest.ts';
import { NO_EVENT_AGES } from './event-ages.ts';
import { createRequestMeter, measureProduce } from './measure.ts';
import type { RequestFacts } from './take-events.ts';

const ACCEPTED: RequestFacts = {
  status: 202,
  code: undefined,
  tenantId: 'acme',
  receivedAt: 1_800_000_000_000,
  events: 3,
  accepted: 3,
  ages: { ...NO_EVENT_AGES, within_hour: 2, older: 1 },
  rejectedCodes: [],
  destination: 'kafka',
  bytes: 900,
  seconds: 0.02,
  traceId: '0af7651916cd43dd8448eb211c80319c',
  isRecorded: false,
};

/** What the page shows above 0 after these requests, without buckets and the time of examples. */
async function measured(...requests: Partial<RequestFacts>[]): Promise<string[]> {
  const { metrics, register } = createMetrics(INGEST_METRICS);
  const measureRequest = createRequestMeter(metrics);
  for (const request of requests) measureRequest({ ...ACCEPTED, ...request });
  return shown(await register.metrics());
}

const shown = (page: string): string[] =>
  page
    .split('\n')
    .filter((line) => line.startsWith('unmogrowp_ingest_') && !line.endsWith(' 0'))
    .filter((line) => !line.includes('_bucket') || line.includes('trace_id'))
    .map((line) => line.replace('unmogrowp_ingest_', '').replace(/(# .*) [\d.]+$/, '$1 then'));

describe('a request', () => {
  it('is measured once, with its events, ages and tenant', async () => {
    expect(await measured({}, { destination: 'spool', accepted: 1, ages: { ...NO_EVENT_AGES, ahead: 1 } })).toEqual([
      'request_duration_seconds_sum{status="202"} 0.04',
      'request_duration_seconds_count{status="202"} 2',
      'request_bytes_total 1800',
      'accepted_events_total{destination="kafka"} 3',
      'accepted_events_total{destination="spool"} 1',
      'event_ages_total{age="ahead"} 1',
      'event_ages_total{age="within_hour"} 2',
      'event_ages_total{age="older"} 1',
      'tenant_events_total{tenant="acme",outcome="accepted"} 4',
    ]);
  });

  it('is an example of its metrics where its trace is recorded', async () => {
    const lines = (await measured({ isRecorded: true })).filter((line) => line.includes('#'));
    expect(lines).toEqual([
      `request_duration_seconds_bucket{le="0.025",status="202"} 1 # {trace_id="${ACCEPTED.traceId}"} 0.02 then`,
      `accepted_events_total{destination="kafka"} 3 # {trace_id="${ACCEPTED.traceId}"} 3 then`,
    ]);
  });

  it('of which nothing was taken is measured by what was wrong', async () => {
    const nothing = { accepted: 0, destination: undefined, ages: NO_EVENT_AGES, seconds: 0.5, bytes: 1 };
    const lines = await measured(
      { ...nothing, status: 429, code: 'rate_limited' },
      {
        ...nothing,
        status: 400,
        code: 'no_usable_event',
        rejectedCodes: ['missing_field', 'missing_field', 'unknown_type'],
      },
      { ...nothing, status: 401, code: 'key_unknown', tenantId: undefined, events: 0 },
    );
    expect(lines).toEqual([
      'request_duration_seconds_sum{status="400"} 0.5',
      'request_duration_seconds_count{status="400"} 1',
      'request_duration_seconds_sum{status="401"} 0.5',
      'request_duration_seconds_count{status="401"} 1',
      'request_duration_seconds_sum{status="429"} 0.5',
      'request_duration_seconds_count{status="429"} 1',
      'request_bytes_total 3',
      'refused_requests_total{code="key_unknown"} 1',
      'refused_requests_total{code="rate_limited"} 1',
      'refused_requests_total{code="no_usable_event"} 1',
      'rejected_events_total{code="unknown_type"} 1',
      'rejected_events_total{code="missing_field"} 2',
      'tenant_events_total{tenant="acme",outcome="rate_limited"} 3',
      'tenant_events_total{tenant="acme",outcome="rejected"} 3',
    ]);
  });
});

describe('records on their way to Kafka', () => {
  it('are measured by whether they arrived, and fail as before', async () => {
    const { metrics, register } = createMetrics(INGEST_METRICS);
    await measureProduce(metrics, 'request', () => Promise.resolve())([]);
    const failing = measureProduce(metrics, 'spool', () => Promise.reject(new Error('away')));
    await expect(failing([])).rejects.toThrow('away');
    const counts = shown(await register.metrics()).filter((line) => line.includes('_count'));
    expect(counts).toEqual([
      'produce_duration_seconds_count{source="request",outcome="stored"} 1',
      'produce_duration_seconds_count{source="spool",outcome="failed"} 1',
    ]);
  });
});
