import { parser } from '@prometheus-io/lezer-promql';
import { describe, expect, it } from 'vitest';
import { buckets, by, count, series, sum } from './promql.ts';
import { bounded, counter, external, gauge, histogram } from './registry/declare.ts';

const SENT = counter({ name: 'unmogrowp_sent_total', help: 'Letters.', labels: { size: ['small', 'large'] } });
const WAITING = gauge({ name: 'unmogrowp_waiting', help: 'Waiting.', labels: { office: bounded('offices') } });
const WEIGHT = histogram({
  name: 'unmogrowp_weight_bytes',
  help: 'Weight.',
  unit: 'bytes',
  buckets: [0.5, 10],
  labels: { size: ['small', 'large'] },
});
const UP = external({ source: 'prometheus', name: 'up', kind: 'gauge', help: 'Up.' });
const PAUSE = external({ source: 'prometheus', name: 'pause_seconds', kind: 'summary', help: 'Pause.' });

/** Whether Prometheus would take it. */
function isPromql(text: string): boolean {
  let isValid = true;
  parser.parse(text).iterate({ enter: ({ type }) => void (isValid &&= !type.isError) });
  return isValid;
}

describe('typed PromQL', () => {
  it('writes a selector with a value, several, all but those, and what somebody chose', () => {
    expect(series(SENT)).toBe('unmogrowp_sent_total');
    expect(series(SENT, { size: 'small', job: 'sink' })).toBe('unmogrowp_sent_total{size="small", job="sink"}');
    expect(series(SENT, { size: ['small', 'large'] })).toBe('unmogrowp_sent_total{size=~"small|large"}');
    expect(series(SENT, { size: { not: 'small' } })).toBe('unmogrowp_sent_total{size!="small"}');
    expect(series(WAITING, { office: { not: ['a', 'b'] } })).toBe('unmogrowp_waiting{office!~"a|b"}');
    expect(series(WAITING, { office: { variable: 'office' } })).toBe('unmogrowp_waiting{office=~"$office"}');
    expect(series(UP, { job: 'sink' })).toBe('up{job="sink"}');
  });

  it('names the parts of a histogram and of a summary', () => {
    expect(buckets(WEIGHT, { size: 'large' })).toBe('unmogrowp_weight_bytes_bucket{size="large"}');
    // Prometheus stores a whole bound as 10.0 since its version 3, as 10 before.
    expect(buckets(WEIGHT, { le: 10 })).toBe(String.raw`unmogrowp_weight_bytes_bucket{le=~"10|10\\.0"}`);
    expect(buckets(WEIGHT, { le: 0.5 })).toBe('unmogrowp_weight_bytes_bucket{le="0.5"}');
    expect(() => buckets(WEIGHT, { le: 11 })).toThrow('no bucket that ends at 11');
    expect([count(WEIGHT), sum(WEIGHT)]).toEqual(['unmogrowp_weight_bytes_count', 'unmogrowp_weight_bytes_sum']);
    expect([count(PAUSE), series(PAUSE)]).toEqual(['pause_seconds_count', 'pause_seconds']);
    expect(`sum ${by(WEIGHT, 'le', 'size', 'job')} (x)`).toBe('sum by (le, size, job) (x)');
  });

  it('means a value as it stands, whatever signs it has', () => {
    const odd = [String.raw`a.b\c`, 'say "x"|y'];
    const text = series(WAITING, { office: odd });
    expect(text).toBe(String.raw`unmogrowp_waiting{office=~"a\\.b\\\\c|say \"x\"\\|y"}`);
    expect(isPromql(text)).toBe(true);
    expect(isPromql(series(WAITING, { office: odd[0] ?? '' }))).toBe(true);
    expect(isPromql('unmogrowp_waiting{')).toBe(false);
  });

  it('takes no label, value or part that was not declared', () => {
    // @ts-expect-error a value that was not declared
    series(SENT, { size: 'huge' });
    // @ts-expect-error a label that was not declared
    series(SENT, { colour: 'red' });
    // @ts-expect-error a gauge has no buckets
    buckets(WAITING);
    // @ts-expect-error a histogram is no single series
    series(WEIGHT);
    // @ts-expect-error a label that was not declared
    by(SENT, 'colour');
    // @ts-expect-error a value that was not declared, among others
    count(WEIGHT, { size: { not: ['small', 'huge'] } });
    expect(series(UP, {})).toBe('up');
  });
});
