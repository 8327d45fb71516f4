import { SpanKind } from '@opentelemetry/api';
import { type ExportResult, ExportResultCode } from '@opentelemetry/core';
import { resourceFromAttributes } from '@opentelemetry/resources';
import { InMemorySpanExporter, type ReadableSpan, SimpleSpanProcessor } from '@opentelemetry/sdk-trace-base';
import { expect, it } from 'vitest';
import { createBeginSpan } from './begin-span.ts';
import { openSpanExporter } from './span-exporter.ts';

const NOWHERE = 'http://127.0.0.1:1';

function oneSpan(): ReadableSpan[] {
  const written = new InMemorySpanExporter();
  const beginSpan = createBeginSpan(new SimpleSpanProcessor(written), resourceFromAttributes({}), 'test');
  beginSpan({ name: 'x', kind: SpanKind.INTERNAL }).end({ attributes: {} });
  return written.getFinishedSpans();
}

it('spans that the trace store does not take are told as lost, with the reason', async () => {
  const exporter = openSpanExporter(NOWHERE);
  const result = await new Promise<ExportResult>((resolve) => exporter.export(oneSpan(), resolve));
  expect(result.code).toBe(ExportResultCode.FAILED);
  expect(result.error?.message).toMatch(/\w/);
  await exporter.shutdown();
});

it('spans that are on their way when the thread ends are told as lost, and so is what comes after', async () => {
  const exporter = openSpanExporter(NOWHERE);
  const results: ExportResult[] = [];
  exporter.export(oneSpan(), (result) => results.push(result));
  await exporter.shutdown();
  exporter.export(oneSpan(), (result) => results.push(result));
  const lost = { code: ExportResultCode.FAILED, error: new Error('the thread that sends spans has ended') };
  await expect.poll(() => results).toEqual([lost, lost]);
});
