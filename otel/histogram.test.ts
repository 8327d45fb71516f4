import { Histogram, Registry, type OpenMetricsContentType } from 'prom-client';
import { describe, expect, it } from 'vitest';
import { createHistogram } from './histogram.ts';

const OPTIONS = { name: 'taken_seconds', help: 'Taken.', labelNames: ['status', 'source'], buckets: [0.005, 0.1, 1] };
const LABELS = [
  { status: '202', source: 'request' },
  { source: 'spool', status: '202' },
  { status: '503', source: 'request' },
];
const VALUES = [0, 0.004, 0.005, 0.0051, 0.1, 0.99, 1, 1.01, 60];

/** Our histogram on a page of prom-client, and the histogram of prom-client on another one. */
function both() {
  const [ours, theirs] = [new Registry<OpenMetricsContentType>(), new Registry<OpenMetricsContentType>()];
  for (const registry of [ours, theirs]) registry.setContentType(Registry.OPENMETRICS_CONTENT_TYPE);
  const histogram = createHistogram(OPTIONS);
  ours.registerMetric(histogram.metric);
  const reference = new Histogram({ ...OPTIONS, enableExemplars: true, registers: [theirs] });
  return { histogram, reference, ours, theirs };
}

describe('a histogram', () => {
  it('is on the page what the histogram of prom-client is', async () => {
    const { histogram, reference, ours, theirs } = both();
    for (const labels of LABELS) {
      histogram.of(labels);
      reference.zero(labels);
    }
    expect(await ours.metrics()).toBe(await theirs.metrics());
    VALUES.forEach((value, index) => {
      const labels = LABELS[index % LABELS.length] ?? {};
      histogram.of(labels).observe(value);
      reference.observe({ labels, value });
    });
    expect(await ours.metrics()).toBe(await theirs.metrics());
    expect(await ours.metrics()).toContain('taken_seconds_bucket{le="0.005",status="202",source="request"} 1\n');
  });

  it('shows the last trace of each bucket, also of the one without a bound', async () => {
    const { histogram, ours } = both();
    const labels = { status: '202', source: 'request' };
    histogram.of(labels).observe(0.05, 'first');
    histogram.of(labels).observe(0.06, 'second');
    histogram.of(labels).observe(0.07);
    histogram.of(labels).observe(5, 'slow');
    const lines = (await ours.metrics()).split('\n').filter((line) => line.includes('trace_id'));
    expect(lines.map((line) => line.replace(/[\d.]+$/, 'then'))).toEqual([
      'taken_seconds_bucket{le="0.1",status="202",source="request"} 3 # {trace_id="second"} 0.06 then',
      'taken_seconds_bucket{le="+Inf",status="202",source="request"} 4 # {trace_id="slow"} 5 then',
    ]);
    const seconds = Number(lines[0]?.split(' ').at(-1));
    expect(Math.abs(Date.now() / 1_000 - seconds)).toBeLessThan(60);
  });

  it('refuses what is no number, and labels that it has not', () => {
    const { histogram } = both();
    for (const value of [Number.NaN, Number.POSITIVE_INFINITY])
      expect(() => histogram.of({ status: '202', source: 'request' }).observe(value)).toThrow('taken_seconds');
    expect(() => histogram.of({ status: '202', floor: '1' }).observe(1)).toThrow('floor');
  });
});
