import { randomUUID } from 'node:crypto';
import { expect, it } from 'vitest';
import type { MetricDeclaration } from '../../otel/registry/declare.ts';
import { KAFKA_METRICS } from '../../otel/registry/kafka.ts';
import { PROCESS_METRICS } from '../../otel/registry/process.ts';
import { SINK_METRICS } from '../../otel/registry/sink.ts';
import { familyOf, readMetrics, undeclared, valueOf } from '../support/openmetrics.ts';
import { testEnv } from '../support/parts.ts';
import { PARTITIONS, newRows, openParts, startSinkProcess } from './setup.ts';

const { produce } = await openParts();
const DECLARED: readonly MetricDeclaration[] = [SINK_METRICS, KAFKA_METRICS, PROCESS_METRICS].flatMap(
  (declarations): MetricDeclaration[] => Object.values(declarations),
);

it('the metrics of the sink are those that are declared and no other, and say what it did, with the trace of an example', async () => {
  const sink = await startSinkProcess({
    OTEL_EXPORTER_OTLP_ENDPOINT: testEnv.OTEL_EXPORTER_OTLP_ENDPOINT ?? '',
    SINK_BATCH_WAIT_MS: '20',
  });
  const traceId = randomUUID().replaceAll('-', '');
  await produce(newRows(300), `00-${traceId}-b7ad6b7169203331-01`);
  const stored = async () =>
    valueOf(await readMetrics(sink.metricsUrl), 'unmogrowp_sink_rows_total', { outcome: 'inserted' });
  await expect.poll(stored, { timeout: 40_000 }).toBe(300);
  await expect.poll(() => sink.metric('unmogrowp_kafka_consumer_lag_records'), { timeout: 20_000 }).toBe(0);
  const page = await readMetrics(sink.metricsUrl);
  expect(new Set(page.families.keys())).toEqual(new Set(DECLARED.map(familyOf)));
  expect(undeclared(page, DECLARED)).toEqual([]);
  const inserts = valueOf(page, 'unmogrowp_sink_insert_duration_seconds_count', { outcome: 'inserted' });
  expect(inserts).toBeGreaterThan(0);
  expect(valueOf(page, 'unmogrowp_sink_batch_rows_sum')).toBe(300);
  expect(valueOf(page, 'unmogrowp_sink_delay_seconds_count')).toBe(inserts);
  expect(valueOf(page, 'unmogrowp_sink_stored_rows_total', { freshness: 'fresh' })).toBe(300);
  expect(valueOf(page, 'unmogrowp_sink_stored_rows_total', { freshness: 'stale' })).toBe(0);
  expect(valueOf(page, 'unmogrowp_kafka_consumer_partitions')).toBe(PARTITIONS);
  const withTrace = page.samples.filter((sample) => sample.traceId === traceId).map(({ name }) => name);
  expect(new Set(withTrace)).toEqual(
    new Set(['unmogrowp_sink_insert_duration_seconds_bucket', 'unmogrowp_sink_delay_seconds_bucket']),
  );
  expect(await sink.end('SIGTERM')).toBe(0);
});
