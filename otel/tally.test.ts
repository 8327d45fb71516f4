import { Counter, Registry } from 'prom-client';
import { describe, expect, it } from 'vitest';
import { tallied } from './tally.ts';

function counted(...labelNames: string[]) {
  const registry = new Registry();
  const counter = new Counter({ name: 'counted_total', help: 'Counted.', labelNames, registers: [registry] });
  const lines = async (): Promise<string[]> =>
    (await registry.metrics()).split('\n').filter((line) => line.startsWith('counted_total'));
  const { inc, flush } = tallied(labelNames, (labels, value) => counter.inc(labels, value));
  return { inc: (labels: Record<string, string>, value = 1) => inc(labels, value), flush, lines };
}

describe('what a tally counts', () => {
  it('is handed over once, by its labels', async () => {
    const { inc, flush, lines } = counted('tenant', 'outcome');
    inc({ tenant: 'acme', outcome: 'accepted' }, 3);
    inc({ outcome: 'accepted', tenant: 'acme' });
    inc({ tenant: 'acme', outcome: 'rejected' });
    inc({ tenant: 'accepted', outcome: 'acme' });
    flush();
    flush();
    const shown = [
      'counted_total{tenant="acme",outcome="accepted"} 4',
      'counted_total{tenant="acme",outcome="rejected"} 1',
      'counted_total{tenant="accepted",outcome="acme"} 1',
    ];
    expect(await lines()).toEqual(shown);
    inc({ tenant: 'acme', outcome: 'rejected' }, 2);
    expect(await lines()).toEqual(shown);
    flush();
    expect((await lines())[1]).toBe('counted_total{tenant="acme",outcome="rejected"} 3');
  });

  it('needs no labels, and one label tells as well as two', async () => {
    const without = counted();
    without.inc({});
    without.inc({}, 2.5);
    without.flush();
    expect(await without.lines()).toEqual(['counted_total 3.5']);
    const one = counted('code');
    for (const code of ['a', 'b', 'a']) one.inc({ code });
    one.flush();
    expect(await one.lines()).toEqual(['counted_total{code="a"} 2', 'counted_total{code="b"} 1']);
  });

  it('is a series from the first time on, also of nothing', async () => {
    const { inc, lines } = counted('code');
    inc({ code: 'a' }, 0);
    expect(await lines()).toEqual(['counted_total{code="a"} 0']);
  });

  it('stays what it was when the labels are changed afterwards', async () => {
    const { inc, flush, lines } = counted('code');
    const labels = { code: 'a' };
    inc(labels);
    labels.code = 'b';
    flush();
    expect(await lines()).toEqual(['counted_total{code="a"} 1']);
  });

  it('has no label that the counter does not know', () => {
    expect(() => counted('code').inc({ code: 'a', floor: '1' })).toThrow('floor');
  });

  it.each([-1, Number.NaN, Infinity])('is never %s', (value) => {
    expect(() => counted().inc({}, value)).toThrow('cannot count');
  });
});
