import { Counter, Registry, type OpenMetricsContentType } from 'prom-client';
import { describe, expect, it } from 'vitest';
import { createCounter } from './counter.ts';

/** Our counter on a page of prom-client, and the counter of prom-client on another one. */
function both(...labelNames: string[]) {
  const options = { name: 'counted_total', help: 'Counted.', labelNames };
  const [ours, theirs] = [new Registry<OpenMetricsContentType>(), new Registry<OpenMetricsContentType>()];
  for (const registry of [ours, theirs]) registry.setContentType(Registry.OPENMETRICS_CONTENT_TYPE);
  const counter = createCounter(options);
  ours.registerMetric(counter.metric);
  const reference = new Counter({ ...options, enableExemplars: true, registers: [theirs] });
  return { counter, reference, ours, theirs };
}

/** The series on the page, without the time of their examples. */
const seriesOn = async (registry: Registry<OpenMetricsContentType>): Promise<string[]> =>
  (await registry.metrics())
    .split('\n')
    .filter((line) => line.startsWith('counted_total'))
    .map((line) => line.replace(/(# .*) [\d.]+$/, '$1 then'));

describe('a counter', () => {
  it('is on the page what the counter of prom-client is', async () => {
    const { counter, reference, ours, theirs } = both('tenant', 'outcome');
    const counts: [labels: Record<string, string>, value: number, traceId?: string][] = [
      [{ tenant: 'acme', outcome: 'accepted' }, 3],
      [{ outcome: 'accepted', tenant: 'acme' }, 1, 'first'],
      [{ tenant: 'acme', outcome: 'rejected' }, 2.5],
      [{ tenant: 'accepted', outcome: 'acme' }, 1],
      [{ tenant: 'acme', outcome: 'accepted' }, 2, 'second'],
      [{ tenant: 'acme', outcome: 'accepted' }, 7],
    ];
    for (const [labels, value, traceId] of counts) {
      counter.of(labels).inc(value, traceId);
      reference.inc({ labels, value, ...(traceId === undefined ? {} : { exemplarLabels: { trace_id: traceId } }) });
    }
    expect(await seriesOn(ours)).toEqual(await seriesOn(theirs));
    expect(await seriesOn(ours)).toContain(
      'counted_total{tenant="acme",outcome="accepted"} 13 # {trace_id="second"} 2 then',
    );
    const plain = (text: string): string => text.replace(/ # \{.*/, '');
    expect(plain(await ours.metrics())).toBe(plain(await theirs.metrics()));
    expect(await ours.metrics()).toContain('# TYPE counted counter\n');
  });

  it('goes on from page to page', async () => {
    const { counter, ours } = both();
    counter.of({}).inc(2);
    expect(await seriesOn(ours)).toEqual(['counted_total 2']);
    expect(await seriesOn(ours)).toEqual(['counted_total 2']);
    counter.of({}).inc(1);
    expect(await seriesOn(ours)).toEqual(['counted_total 3']);
  });

  it('says when its example was', async () => {
    const { counter, ours } = both();
    counter.of({}).inc(1, 'now');
    const seconds = Number(/[\d.]+$/m.exec((await ours.metrics()).split('# {')[1] ?? '')?.[0]);
    expect(Math.abs(Date.now() / 1_000 - seconds)).toBeLessThan(60);
  });

  it('is a series from the first time on, also of nothing', async () => {
    const { counter, ours } = both('code');
    counter.of({ code: 'a' });
    counter.of({ code: 'b' }).inc(0);
    expect(await seriesOn(ours)).toEqual(['counted_total{code="a"} 0', 'counted_total{code="b"} 0']);
  });

  it('stays what it was when the labels are changed afterwards', async () => {
    const { counter, ours } = both('code');
    const labels = { code: 'a' };
    counter.of(labels).inc(1);
    labels.code = 'b';
    expect(await seriesOn(ours)).toEqual(['counted_total{code="a"} 1']);
  });

  it('has no label that was not declared', () => {
    expect(() => both('code').counter.of({ code: 'a', floor: '1' }).inc(1)).toThrow('floor');
  });

  it.each([-1, Number.NaN, Infinity])('never counts %s', (value) => {
    expect(() => both().counter.of({}).inc(value)).toThrow('cannot count');
  });
});
