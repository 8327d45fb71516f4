import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { MetricDeclaration } from '../../otel/registry/declare.ts';
import { INGEST_METRICS } from '../../otel/registry/ingest.ts';
import { PROCESS_METRICS } from '../../otel/registry/process.ts';
import { createTenant } from '../../postgres/tenants.ts';
import { RUNTIMES, type Runtime, startIngest } from '../ingest/ingest-process.ts';
import { click, kafkaWithTopic, migratedPool, post } from '../ingest/setup.ts';
import { familyOf, readMetrics, undeclared, valueOf } from '../support/openmetrics.ts';
import { testEnv } from '../support/parts.ts';

const pool = await migratedPool(testEnv);
await kafkaWithTopic(testEnv);

const DECLARED: readonly MetricDeclaration[] = [...Object.values(INGEST_METRICS), ...Object.values(PROCESS_METRICS)];
const SAMPLED = `00-${randomUUID().replaceAll('-', '')}-00f067aa0ba902b7-01`;

/** An ingest process of one test. */
async function start(runtime: Runtime, variables: Record<string, string> = {}) {
  const { write_key: key } = await createTenant(pool, { tenantId: `metrics-${randomUUID().slice(0, 8)}` });
  const ingest = await startIngest(runtime, { LOG_LEVEL: 'silent', ...variables });
  onTestFinished(async () => void (await ingest.end('SIGKILL')));
  const send = (events: unknown[]) => post(ingest.url, key, { events }, { traceparent: SAMPLED });
  return { ...ingest, send, read: () => readMetrics(ingest.metricsUrl) };
}

describe.each(RUNTIMES)('the metrics of ingest on %s', (runtime) => {
  it('are all those that are declared and no other, with the label values that are declared and no other', async () => {
    const ingest = await start(runtime);
    await ingest.send([click('a'), { type: 'no-such-type' }]);
    const page = await ingest.read();
    expect(new Set(page.families.keys())).toEqual(new Set(DECLARED.map(familyOf)));
    expect(undeclared(page, DECLARED)).toEqual([]);
  });

  it('say what became of every request and event, each with the trace of a sampled request', async () => {
    const ingest = await start(runtime);
    await ingest.send([click('a'), click('b')]);
    await ingest.send([click('c'), { ...click('d'), type: 'no-such-type' }, { ...click('e'), app_id: undefined }]);
    await ingest.send([]);
    await post(ingest.url, undefined, { events: [click('f')] });
    await post(ingest.url, 'umg_unknown', { events: [click('f')] });
    const page = await ingest.read();
    const count = 'unmogrowp_ingest_request_duration_seconds_count';
    expect(valueOf(page, count)).toBe(5);
    expect(valueOf(page, count, { status: '202' })).toBe(1);
    expect(valueOf(page, count, { status: '207' })).toBe(1);
    expect(valueOf(page, count, { status: '400' })).toBe(1);
    expect(valueOf(page, count, { status: '401' })).toBe(2);
    expect(valueOf(page, 'unmogrowp_ingest_accepted_events_total', { destination: 'kafka' })).toBe(3);
    expect(valueOf(page, 'unmogrowp_ingest_accepted_events_total', { destination: 'spool' })).toBe(0);
    expect(valueOf(page, 'unmogrowp_ingest_rejected_events_total')).toBe(2);
    expect(valueOf(page, 'unmogrowp_ingest_rejected_events_total', { code: 'unknown_type' })).toBe(1);
    expect(valueOf(page, 'unmogrowp_ingest_refused_requests_total')).toBe(3);
    expect(valueOf(page, 'unmogrowp_ingest_refused_requests_total', { code: 'key_missing' })).toBe(1);
    expect(valueOf(page, 'unmogrowp_ingest_refused_requests_total', { code: 'key_unknown' })).toBe(1);
    expect(valueOf(page, 'unmogrowp_ingest_request_bytes_total')).toBeGreaterThan(500);
    const produced = { source: 'request', outcome: 'stored' };
    expect(valueOf(page, 'unmogrowp_ingest_produce_duration_seconds_count', produced)).toBe(2);
    const withTrace = page.samples.filter(({ traceId }) => traceId === SAMPLED.slice(3, 35)).map(({ name }) => name);
    expect(new Set(withTrace)).toEqual(
      new Set([
        'unmogrowp_ingest_request_duration_seconds_bucket',
        'unmogrowp_ingest_accepted_events_total',
        'unmogrowp_ingest_rejected_events_total',
        'unmogrowp_ingest_refused_requests_total',
      ]),
    );
    await expect
      .poll(async () => valueOf(await ingest.read(), 'unmogrowp_exported_spans_total', { outcome: 'stored' }), {
        timeout: 15_000,
      })
      .toBeGreaterThan(0);
  });

  it('say what waits on the spool and why, while neither Kafka nor the trace store is there', async () => {
    const ingest = await start(runtime, {
      KAFKA_BROKERS: '127.0.0.1:1',
      OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:1',
      INGEST_PRODUCE_TIMEOUT_MS: '500',
      INGEST_SPOOL_DIRECTORY: join(testEnv.INGEST_SPOOL_DIRECTORY, randomUUID()),
    });
    expect((await ingest.send([click('a')])).status).toBe(202);
    const answered = await ingest.read();
    expect(valueOf(answered, 'unmogrowp_ingest_accepted_events_total', { destination: 'spool' })).toBe(1);
    expect(valueOf(answered, 'unmogrowp_ingest_spool_records')).toBe(1);
    expect(valueOf(answered, 'unmogrowp_ingest_spool_bytes')).toBeGreaterThan(100);
    await expect
      .poll(
        async () => {
          const page = await ingest.read();
          return [
            valueOf(page, 'unmogrowp_ingest_spool_age_seconds'),
            valueOf(page, 'unmogrowp_ingest_produce_duration_seconds_count', { source: 'request', outcome: 'failed' }),
            valueOf(page, 'unmogrowp_ingest_produce_duration_seconds_count', { source: 'spool', outcome: 'failed' }),
            valueOf(page, 'unmogrowp_errors_total'),
            valueOf(page, 'unmogrowp_exported_spans_total', { outcome: 'lost' }),
          ].every((value) => value > 0);
        },
        { timeout: 20_000 },
      )
      .toBe(true);
  });

  it('say what the process itself takes', async () => {
    const ingest = await start(runtime);
    const page = await ingest.read();
    for (const { name } of [PROCESS_METRICS.residentMemory, PROCESS_METRICS.heapUsed, PROCESS_METRICS.processorTime]) {
      expect(valueOf(page, name), name).toBeGreaterThan(0);
    }
    expect(Math.abs(valueOf(page, 'process_start_time_seconds') - Date.now() / 1_000)).toBeLessThan(60);
    expect(valueOf(page, 'unmogrowp_build_info', { runtime })).toBe(1);
    await expect
      .poll(async () => valueOf(await ingest.read(), 'unmogrowp_event_loop_delay_seconds_max'))
      .toBeGreaterThan(0);
  });
});
