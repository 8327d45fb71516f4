import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { matchesAll, parseMatcher } from './matchers.ts';

describe('a matcher', () => {
  it('is read as Alertmanager reads it', () => {
    expect(parseMatcher('severity="critical"')).toEqual({ label: 'severity', operator: '=', value: 'critical' });
    expect(parseMatcher('alertname = Watchdog')).toEqual({ label: 'alertname', operator: '=', value: 'Watchdog' });
    expect(parseMatcher('alertname=~"Sink.*|Kafka.*"')).toEqual({
      label: 'alertname',
      operator: '=~',
      value: 'Sink.*|Kafka.*',
    });
    expect(parseMatcher('tenant!~"a|b"')).toMatchObject({ operator: '!~' });
    expect(parseMatcher('tenant!=""')).toEqual({ label: 'tenant', operator: '!=', value: '' });
    expect(parseMatcher(String.raw`title="say \"no\"\\now\n"`)).toMatchObject({ value: 'say "no"\\now\n' });
    expect(parseMatcher(String.raw`job=~"a\.b\d"`)).toMatchObject({ value: String.raw`a\.b\d` });
  });

  it('is refused when it is none', () => {
    const wrong = ['', 'severity', '="x"', 'a==b', 'a=~"("', 'a=~"[b"', 'a=b c', 'a="b', '1a=b', 'a="b" or c', 'a='];
    for (const text of wrong) {
      expect(parseMatcher(text), text).toHaveProperty('problem');
    }
  });

  it('takes a missing label for an empty one', () => {
    expect(matchesAll(['tenant=""'], {})).toBe(true);
    expect(matchesAll(['tenant!="acme"'], {})).toBe(true);
    expect(matchesAll(['tenant=~".+"'], {})).toBe(false);
    expect(matchesAll(['tenant=~".*"'], {})).toBe(true);
    expect(matchesAll(['tenant!~".+"'], {})).toBe(true);
  });

  it('finds no label in what every object has', () => {
    expect(matchesAll(['constructor=""', 'toString=""'], {})).toBe(true);
  });

  it('knows the flags in front of an expression', () => {
    expect(matchesAll(['job=~"(?i)SINK.*"'], { job: 'sink-1' })).toBe(true);
    expect(matchesAll(['job=~"SINK.*"'], { job: 'sink-1' })).toBe(false);
    expect(matchesAll(['title=~"(?s)a.b"'], { title: 'a\nb' })).toBe(true);
    expect(matchesAll(['title=~"a.b"'], { title: 'a\nb' })).toBe(false);
  });
});

describe('a regular expression', () => {
  const word = fc.stringMatching(/^[a-z]{1,8}$/);

  it('has to fit the whole value', () => {
    fc.assert(
      fc.property(word, word, (value, more) => {
        const matcher = [`name=~"${value}"`];
        expect(matchesAll(matcher, { name: value })).toBe(true);
        expect(matchesAll(matcher, { name: value + more })).toBe(false);
        expect(matchesAll(matcher, { name: more + value })).toBe(false);
      }),
    );
  });

  it('is anchored around all of its alternatives', () => {
    fc.assert(
      fc.property(word, word, word, (one, other, more) => {
        const matcher = [`name=~"${one}|${other}"`];
        expect(matchesAll(matcher, { name: other })).toBe(true);
        expect(matchesAll(matcher, { name: `${one}-${more}` })).toBe(false);
        expect(matchesAll(matcher, { name: `${more}-${other}` })).toBe(false);
      }),
    );
  });
});

it('says of every value the opposite with the opposite operator', () => {
  const text = fc.stringMatching(/^[a-z |.*]{0,6}$/);
  const operators = fc.constantFrom<[string, string][]>(['=', '!='], ['=~', '!~']);
  fc.assert(
    fc.property(text, text, operators, (wanted, actual, [is, isNot]) => {
      fc.pre(!('problem' in parseMatcher(`a${is}"${wanted}"`)));
      const labels = { a: actual };
      expect(matchesAll([`a${isNot}"${wanted}"`], labels)).toBe(!matchesAll([`a${is}"${wanted}"`], labels));
    }),
  );
});

it('asks for all matchers of a list', () => {
  const labels = { alertname: 'SinkStalled', severity: 'critical' };
  expect(matchesAll(['alertname=~"Sink.*"', 'severity="critical"'], labels)).toBe(true);
  expect(matchesAll(['alertname=~"Sink.*"', 'severity="warning"'], labels)).toBe(false);
  expect(matchesAll([], labels)).toBe(true);
});
