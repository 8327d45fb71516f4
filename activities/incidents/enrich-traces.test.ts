import { describe, expect, it } from 'vitest';
import { alertRules, prometheusGroups } from '../../alerts/all.ts';
import type { AlertDetails } from '../../incidents/page/types.ts';
import type { TraceSpan } from '../../otel/jaeger.ts';
import { linesOf } from './enrich-logs.ts';
import { beginOf, expressionsOf, storyOf } from './enrich-traces.ts';
import type { PrometheusRule } from './prometheus.ts';

const MINUTE_MS = 60_000;

function alert(labels: Record<string, string>, generatorUrl?: string): AlertDetails {
  return {
    fingerprint: 'f',
    status: 'firing',
    startsAtMs: 0,
    labels,
    annotations: {},
    ...(generatorUrl === undefined ? {} : { generatorUrl }),
  };
}

/** The rules as Prometheus would list them. */
const rules: PrometheusRule[] = prometheusGroups({ timeScale: 1 }).flatMap(({ records = [], alerts = [] }) => [
  ...records.map(({ record, expr, labels = {} }) => ({
    type: 'recording' as const,
    name: record,
    query: expr,
    labels: { ...labels },
  })),
  ...alerts.map(({ name, expr, severity, labels = {} }) => ({
    type: 'alerting' as const,
    name,
    query: expr,
    labels: { severity, ...labels },
  })),
]);

describe('what is asked for traces', () => {
  it('is the expression of the rule that fired, with what its recorded series are made of', () => {
    const [own = ''] = expressionsOf(
      [
        alert({
          alertname: 'IngestLatencyBudgetBurn',
          severity: 'critical',
          long_window: '1h',
          objective: 'ingest_latency',
        }),
      ],
      rules,
    );
    const rule = alertRules().find(
      ({ name, labels }) => name === 'IngestLatencyBudgetBurn' && labels?.['long_window'] === '1h',
    );
    expect(own).toContain(`(${rule?.expr})`);
    expect(own).toContain('unmogrowp_ingest_request_duration_seconds_bucket');
    // Recorded series of other promises have the same name.
    expect(own).not.toContain('unmogrowp_sink_delay_seconds');
  });

  it('is the expression in the address of the source where Prometheus does not know the rule', () => {
    const url = 'http://prometheus:9090/graph?g0.expr=rate%28requests_total%5B5m%5D%29+%3E+1&g0.tab=1';
    expect(expressionsOf([alert({ alertname: 'Theirs' }, url)], [])).toEqual([
      '(rate(requests_total[5m]) > 1)',
      'unmogrowp_errors_total',
    ]);
  });

  it('goes on to what breaks together with a gauge, and at last to errors', () => {
    const asked = expressionsOf([alert({ alertname: 'WindowInconsistent', severity: 'critical' })], rules);
    expect(asked.slice(1)).toEqual(['(unmogrowp_window_runs_total{outcome="inconsistent"})', 'unmogrowp_errors_total']);
    expect(expressionsOf([alert({ alertname: 'Theirs' }, 'not an address')], [])).toEqual(['unmogrowp_errors_total']);
  });

  it('reaches back before the first alert, and no further than six hours', () => {
    const nowMs = 1_000 * MINUTE_MS;
    const at = (startsAtMs: number) => ({ openedAtMs: nowMs, alerts: [{ ...alert({}), startsAtMs }] });
    expect(beginOf(at(nowMs - 5 * MINUTE_MS), nowMs)).toBe(nowMs - 35 * MINUTE_MS);
    expect(beginOf(at(0), nowMs)).toBe(nowMs - 360 * MINUTE_MS);
  });
});

describe('the story of a trace', () => {
  const span = (spanId: string, parts: Partial<TraceSpan>): TraceSpan => ({
    spanId,
    parentSpanId: undefined,
    service: 'sink',
    name: 'sink.insert',
    startNanoseconds: 0n,
    endNanoseconds: 1_000_000_000n,
    isError: false,
    message: undefined,
    attributes: {},
    links: [],
    ...parts,
  });

  it('is what failed deepest, for what is above fails because of it', () => {
    const spans = [
      span('a', { isError: true, message: 'the insert failed' }),
      span('b', {
        parentSpanId: 'a',
        startNanoseconds: 5n,
        isError: true,
        service: 'clickhouse',
        name: 'query',
        message: 'memory limit',
      }),
    ];
    expect(storyOf(spans)).toBe('clickhouse query: memory limit');
    expect(storyOf([span('a', { isError: true })])).toBe('sink sink.insert: failed');
  });

  it('is what took longest where nothing failed, and nothing where there is no span', () => {
    const spans = [
      span('a', { endNanoseconds: 12_000_000_000n }),
      span('b', { parentSpanId: 'a', name: 'insert_events', endNanoseconds: 11_512_000_000n }),
      span('c', { parentSpanId: 'a', name: 'read_offsets' }),
    ];
    expect(storyOf(spans)).toBe('nothing failed; longest is sink insert_events, 11.5 s');
    expect(storyOf([])).toBe('');
  });
});

describe('what is asked for log lines', () => {
  it('is every complaint of the traces that were found', () => {
    expect(linesOf({ alerts: [] }, [{ traceId: 'aa' }, { traceId: 'bb' }])).toBe(
      '{level=~"warn|error|fatal"} | trace_id=~"aa|bb"',
    );
  });

  it('is every error of the process where no trace was found, and of all where it is not about one of ours', () => {
    expect(linesOf({ alerts: [alert({ job: 'sink' }), alert({ service: 'worker' })] }, [])).toBe(
      '{level=~"error|fatal", service=~"sink|worker"}',
    );
    expect(linesOf({ alerts: [alert({ job: 'sink"} | evil' })] }, [])).toBe('{level=~"error|fatal"}');
    expect(linesOf({ alerts: [alert({ job: 'sink' }), alert({})] }, [])).toBe('{level=~"error|fatal"}');
  });
});
