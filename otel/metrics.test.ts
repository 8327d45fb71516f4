import { once } from 'node:events';
import net from 'node:net';
import { TraceFlags, context, propagation, trace } from '@opentelemetry/api';
import { NodeTracerProvider } from '@opentelemetry/sdk-trace-node';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createMetrics, serveMetrics } from './metrics.ts';
import { AREAS } from './registry/all.ts';
import { bounded, counter, gauge, histogram } from './registry/declare.ts';

const DECLARED = {
  sent: counter({
    name: 'unmogrowp_sent_total',
    help: 'Letters.',
    labels: { size: ['small', 'large'], colour: ['red', 'blue'] },
    exemplars: true,
  }),
  opened: counter({ name: 'unmogrowp_opened_total', help: 'Opened letters.' }),
  weight: histogram({
    name: 'unmogrowp_weight_bytes',
    help: 'Weight.',
    unit: 'bytes',
    buckets: [1, 10],
    labels: { size: ['small', 'large'] },
    exemplars: true,
  }),
  waiting: gauge({ name: 'unmogrowp_waiting', help: 'Waiting.', labels: { office: bounded('offices') } }),
};
const TRACE = { traceId: '0af7651916cd43dd8448eb211c80319c', spanId: 'b7ad6b7169203331' };

beforeAll(() => {
  new NodeTracerProvider().register();
});
afterAll(() => {
  trace.disable();
  context.disable();
  propagation.disable();
});

const inSpan = (traceFlags: TraceFlags, work: () => void): void =>
  context.with(trace.setSpanContext(context.active(), { ...TRACE, traceFlags }), work);

describe('metrics', () => {
  it('are at 0 in every combination of closed labels before anything happened, and open ones are absent', async () => {
    const text = await createMetrics(DECLARED).register.metrics();
    for (const size of ['small', 'large']) {
      for (const colour of ['red', 'blue'])
        expect(text).toContain(`unmogrowp_sent_total{size="${size}",colour="${colour}"} 0\n`);
      expect(text).toContain(`unmogrowp_weight_bytes_count{size="${size}"} 0\n`);
    }
    expect(text).toContain('unmogrowp_opened_total 0\n');
    expect(text).not.toContain('unmogrowp_waiting{');
    expect(text.endsWith('# EOF\n')).toBe(true);
  });

  it('show the trace of a sampled span as an example, and never that of one that nobody records', async () => {
    const { metrics, register } = createMetrics(DECLARED);
    inSpan(TraceFlags.NONE, () => metrics.sent.inc({ size: 'small', colour: 'red' }, 3));
    expect(await register.metrics()).not.toContain('trace_id');
    inSpan(TraceFlags.SAMPLED, () => {
      metrics.sent.inc({ size: 'small', colour: 'red' });
      metrics.weight.observe({ size: 'large' }, 5);
    });
    const text = await register.metrics();
    const example = `# {trace_id="${TRACE.traceId}"}`;
    expect(text).toContain(`unmogrowp_sent_total{size="small",colour="red"} 4 ${example} 1 `);
    expect(text).toContain(`unmogrowp_weight_bytes_bucket{le="10",size="large"} 1 ${example} 5 `);
  });

  it('take no label and no value that was not declared', () => {
    const { metrics } = createMetrics(DECLARED);
    metrics.waiting.set({ office: 'any' }, 1);
    metrics.opened.inc(2);
    // @ts-expect-error a value that was not declared
    metrics.sent.inc({ size: 'huge', colour: 'red' });
    // @ts-expect-error a label is missing
    metrics.sent.inc({ size: 'small' });
    // @ts-expect-error no labels at all
    metrics.weight.observe(1);
    // @ts-expect-error a label that was not declared
    expect(() => metrics.waiting.set({ office: 'any', floor: '1' }, 1)).toThrow('floor');
    // @ts-expect-error a metric that was not declared
    expect(metrics.burnt).toBeUndefined();
    // @ts-expect-error a counter ends with _total
    counter({ name: 'unmogrowp_sent', help: '' });
    // @ts-expect-error a histogram ends with its unit
    histogram({ name: 'unmogrowp_weight', help: '', unit: 'bytes', buckets: [] });
  });

  it('of every area have names of their own, a help and few combinations of labels', () => {
    const all = Object.values(AREAS).flatMap((declarations) => Object.values(declarations));
    const names = all.map(({ name }) => name);
    expect(names.filter((name, index) => names.indexOf(name) !== index)).toEqual([]);
    for (const { name, help, labels } of all) {
      expect(name).toMatch(/^[a-z][a-z0-9_]*$/);
      expect(help, name).toMatch(/\.$/);
      const series = Object.values(labels).reduce(
        (count, values) => count * (Array.isArray(values) ? values.length : 1),
        1,
      );
      expect(series, name).toBeLessThanOrEqual(100);
    }
  });

  it('are served with what is true at that moment, and health with it', async () => {
    const { metrics, register, beforeScrape } = createMetrics(DECLARED);
    let waiting = 0;
    let isHealthy = true;
    beforeScrape(() => metrics.waiting.set({ office: 'main' }, waiting));
    const server = await serveMetrics({ host: '127.0.0.1', port: 0, register, isHealthy: () => isHealthy });
    const get = (path: string) => fetch(`http://127.0.0.1:${server.port}${path}`);
    waiting = 7;
    const answer = await get('/metrics');
    expect(answer.headers.get('content-type')).toContain('application/openmetrics-text');
    expect(await answer.text()).toContain('unmogrowp_waiting{office="main"} 7');
    beforeScrape(() => metrics.waiting.remove({ office: 'main' }));
    expect(await (await get('/metrics')).text()).not.toContain('unmogrowp_waiting{');
    expect((await get('/healthz')).status).toBe(200);
    isHealthy = false;
    expect((await get('/healthz')).status).toBe(503);
    beforeScrape(() => {
      throw new Error('cannot be read');
    });
    expect((await get('/metrics')).status).toBe(500);
    await server.close();
  });

  it('are served in time though a part hangs, which is asked again only when it has answered or failed', async () => {
    const { metrics, register, beforeScrape } = createMetrics(DECLARED);
    let asked = 0;
    const answer = Promise.withResolvers<void>();
    beforeScrape(async () => {
      asked += 1;
      await answer.promise;
      metrics.waiting.set({ office: 'main' }, asked);
    });
    const started = performance.now();
    expect(await register.metrics()).not.toContain('unmogrowp_waiting{');
    await register.metrics();
    expect(performance.now() - started).toBeLessThan(8_000);
    expect(asked).toBe(1);
    answer.resolve();
    await answer.promise;
    await expect.poll(() => register.metrics()).toContain('unmogrowp_waiting{office="main"} 2');
  }, 20_000);

  it('are read no oftener than they may be', async () => {
    const { register, beforeScrape } = createMetrics(DECLARED);
    let asked = 0;
    beforeScrape(() => void (asked += 1), { keptMs: 3_600_000 });
    await register.metrics();
    await register.metrics();
    expect(asked).toBe(1);
  });

  it('of a library stand on the same page, before its end', async () => {
    const { register, addPage } = createMetrics(DECLARED);
    addPage(() => Promise.resolve('# TYPE other counter\nother_total 7\n'));
    expect(await register.metrics()).toMatch(
      /unmogrowp_opened_total 0\n[^]*\n# TYPE other counter\nother_total 7\n# EOF\n$/,
    );
  });

  it('on a port in use are refused with what to do about it', async () => {
    const other = net.createServer().listen(0, '127.0.0.1');
    await once(other, 'listening');
    const { port } = other.address() as net.AddressInfo;
    await expect(serveMetrics({ host: '127.0.0.1', port, register: createMetrics({}).register })).rejects.toMatchObject(
      { code: 'configuration_invalid', message: expect.stringContaining('METRICS_HOST') },
    );
    other.close();
  });
});
