import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { block, code, durationText, oneLine, prose, shellWord, webAddress } from './text.ts';

describe('texts of a page', () => {
  it('are one line without what does not show, cut by whole characters', () => {
    expect(oneLine('a\n b\t\u202Ec\u0000\u2066\uFEFF', 10)).toBe('a b c');
    expect(oneLine('🙂🙂🙂', 4)).toBe('🙂…');
  });

  it('leave names as they are and take the meaning from everything else', () => {
    expect(prose('unmogrowp_sink_delay_seconds is high')).toBe('unmogrowp_sink_delay_seconds is high');
    expect(prose('_a_ [b](c) `d` <e> *f*')).toBe(String.raw`\_a\_ \[b\](c) \`d\` \<e\> \*f\*`);
    expect(prose('- item')).toBe(String.raw`\- item`);
  });

  it('hold any text between backticks that it cannot end', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        const fence = /^`+/.exec(block('sh', text))?.[0] ?? '';
        expect(text).not.toContain(fence);
        expect(code(text).length).toBeGreaterThan(text.length);
      }),
    );
  });

  it('are one word for a shell, whatever they hold', () => {
    expect(shellWord('acme')).toBe('acme');
    expect(shellWord("a'b $(c)")).toBe(String.raw`'a'\''b $(c)'`);
  });

  it('take addresses of pages only, without what would end a link', () => {
    expect(webAddress('javascript:alert(1)')).toBeUndefined();
    expect(webAddress('not an address')).toBeUndefined();
    expect(webAddress('http://prometheus:9090/graph?g0.expr=rate(a[5m])')).toBe(
      'http://prometheus:9090/graph?g0.expr=rate%28a%5B5m%5D%29',
    );
  });

  it('say lengths of time in their two largest units', () => {
    const cases: [number, string][] = [
      [-5, '0 s'],
      [59_400, '59 s'],
      [60_000, '1 min'],
      [3_600_000, '1 h'],
      [3_900_000, '1 h 5 min'],
      [90_000_000, '1 d 1 h'],
    ];
    for (const [durationMs, text] of cases) expect(durationText(durationMs)).toBe(text);
  });
});
