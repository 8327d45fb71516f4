import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { PAGE_BYTES_MAX, bounded } from './bounds.ts';
import { renderPage } from './render.ts';
import type { Page } from './types.ts';

const at = (text: string): number => Date.parse(`2026-01-06T${text}Z`);
const NOT_THERE = { state: 'unavailable', reason: 'no answer within 3 s' } as const;

const inconsistent: Page = {
  version: 1,
  incidentId: '019b9150-1a00-7000-8000-0000000000aa',
  tenant: 'acme',
  severity: 'critical',
  urgency: 'high',
  title: 'WindowInconsistent: A window does not add up and was refused; readers see its version before.',
  openedAtMs: at('03:12:30'),
  gatheredAtMs: at('03:12:34'),
  alerts: [
    {
      name: 'WindowInconsistent',
      status: 'firing',
      startsAtMs: at('03:12:00'),
      description: '2 windows are inconsistent: credits do not add up, or the ledger knows of lost events.',
      labels: { tenant: 'acme' },
    },
  ],
  alertsLeftOut: 0,
  links: [
    { title: 'Runbook', url: 'https://github.com/unmogrowp/unmogrowp/blob/main/runbooks/WindowInconsistent.md' },
    { title: 'Panel', url: 'http://127.0.0.1:3000/d/unmogrowp-windows?viewPanel=3' },
  ],
  traces: {
    state: 'found',
    value: [
      {
        traceId: '4bf92f3577b34da6a3ce929d0e0e4736',
        url: 'http://127.0.0.1:16686/trace/4bf92f3577b34da6a3ce929d0e0e4736',
        atMs: at('03:05:10'),
        measured: 'unmogrowp_window_runs_total of worker, outcome inconsistent, reason reopen',
        story: 'worker window.run: credits of model linear come to 41.5 and not to 42 (run_inconsistent)',
      },
    ],
  },
  logs: {
    state: 'found',
    value: {
      query: '{level=~"warn|error|fatal"} | trace_id=~"4bf92f3577b34da6a3ce929d0e0e4736"',
      scope: 'traces',
      top: [{ lines: 12, service: 'worker', message: 'a run does not add up', code: 'run_inconsistent' }],
    },
  },
  starts: {
    state: 'found',
    value: [{ atMs: at('02:40:00'), kind: 'start', text: 'worker started, version 0.2.0 (2 processes)' }],
  },
  changes: {
    state: 'found',
    value: [{ atMs: at('01:00:00'), kind: 'settings', text: 'settings of acme, version 4: models' }],
  },
  windows: {
    state: 'found',
    value: {
      windows: [
        {
          tenant: 'acme',
          windowStartMs: at('01:00:00'),
          windowEndMs: at('02:00:00'),
          state: 'inconsistent',
        },
        {
          tenant: 'acme',
          windowStartMs: at('02:00:00'),
          windowEndMs: at('03:00:00'),
          state: 'inconsistent',
        },
      ],
      leftOut: 0,
    },
  },
  runbook: {
    state: 'found',
    value: {
      variables: { TENANT: 'acme', WINDOW: '2026-01-06T01:00:00Z' },
      steps: [
        {
          language: 'sh',
          text: 'unmogrowp windows show "$TENANT" "$WINDOW"',
          expected: 'Expect the run that was refused.',
        },
        {
          language: 'promql',
          text: 'max(unmogrowp_windows{state="inconsistent"}) > 0',
          expected: 'Expect how many there are.',
        },
      ],
      leftOut: 1,
    },
  },
  replay: {
    state: 'found',
    value: {
      commands: [
        "unmogrowp replay --tenant acme --from 2026-01-06T01:00:00Z --to 2026-01-06T03:00:00Z --reason 'incident 019b9150-1a00-7000-8000-0000000000aa' --dry-run",
      ],
      scope: 'affected',
    },
  },
};

const alone: Page = {
  ...inconsistent,
  tenant: 'platform',
  severity: 'critical',
  title: 'TemporalUnavailable: Temporal is away: no window is closed, reopened or replayed.',
  alerts: [
    {
      name: 'TemporalUnavailable',
      status: 'firing',
      startsAtMs: at('01:02:00'),
      description: 'The server of Temporal has not answered Prometheus for 2 minutes.',
      labels: {},
    },
  ],
  traces: { state: 'unavailable', reason: 'PROMETHEUS_URL is not set (prometheus_unavailable)' },
  logs: NOT_THERE,
  starts: NOT_THERE,
  changes: NOT_THERE,
  windows: NOT_THERE,
  runbook: { state: 'unavailable', reason: 'no page has the name of the alert' },
  replay: null,
};

describe('the page', () => {
  it('says what fires, why, what changed, and what to type, the most important first', async () => {
    const { title, text } = renderPage(inconsistent);
    await expect(`${title}\n\n${text}\n`).toMatchFileSnapshot('golden/window-inconsistent.txt');
  });

  it('says of everything that could not be asked why, and still names the alert', async () => {
    const { title, text } = renderPage(alone);
    await expect(`${title}\n\n${text}\n`).toMatchFileSnapshot('golden/everything-away.txt');
  });

  it('says in one line each when there is nothing to show', () => {
    const { text } = renderPage({
      ...inconsistent,
      traces: { state: 'found', value: [] },
      logs: { state: 'found', value: { query: '{level="error"}', scope: 'time', top: [] } },
      starts: { state: 'found', value: [] },
      changes: { state: 'found', value: [] },
      windows: { state: 'found', value: { windows: [], leftOut: 0 } },
      replay: { state: 'found', value: { commands: [], scope: 'affected' } },
    });
    expect(text).toContain('**What the traces say:** no measurement of this time names a trace');
    expect(text).toContain('- no error in this time');
    expect(text).toContain('**Changed before it:** nothing that is known');
    expect(text).toContain('**Affected windows:** none that is known');
    expect(text).toContain('compute again:** no window is known to be wrong');
  });

  it('lets no word of an alert become a link, a picture, HTML, a heading or the end of a block', () => {
    const evil = '![x](http://evil) [y](http://evil) <b>z</b> `code` *a* ~b~ |c| <!channel>';
    const { title, text } = renderPage({
      ...alone,
      title: `# ${evil}\nsecond line\u202Ereversed`,
      alerts: [{ name: 'A`B', status: 'firing', startsAtMs: 0, description: `# ${evil}`, labels: { a: '`b`' } }],
      links: [{ title: '](http://evil)', url: 'https://example.org/' }],
      logs: {
        state: 'found',
        value: { query: '```\nrm -rf', scope: 'time', top: [{ lines: 1, service: 's', message: evil, code: '' }] },
      },
    });
    expect(title).not.toMatch(/\n|\u202E/);
    expect(text).not.toMatch(/(?<!\\)\]\(http:\/\/evil/);
    expect(text).toContain(String.raw`- \](http://evil): https://example.org/`);
    expect(text).not.toMatch(/(?<!\\)</);
    expect(text).toContain(String.raw`: \# !\[x\](http://evil)`);
    expect(text).toContain('``A`B``');
    expect(text).toContain('````logql\n```\nrm -rf\n````');
  });

  it('has the size that may go through a workflow, whatever it was made of, and says what it lacks', () => {
    fc.assert(
      fc.property(fc.constantFrom('a', 'ä', '漢', '🙂', '"', '\\\\'), fc.nat(5), (character, fewer) => {
        const page = fullOf(character, fewer);
        const smaller = bounded(page);
        expect(Buffer.byteLength(JSON.stringify(smaller))).toBeLessThanOrEqual(PAGE_BYTES_MAX);
        expect(smaller.alerts.length + smaller.alertsLeftOut).toBe(page.alerts.length);
        expect(renderPage(smaller).text).toContain(page.incidentId);
      }),
    );
    const bytes = Buffer.byteLength(JSON.stringify(fullOf('漢', 0)));
    expect(bytes).toBeGreaterThan(PAGE_BYTES_MAX);
    expect(bounded(inconsistent)).toBe(inconsistent);
  });
});

/** Everything as long as it may be, of one character. */
function fullOf(character: string, fewer: number): Page {
  const text = (length: number): string => character.repeat(length - fewer);
  const times = <Value>(count: number, make: (index: number) => Value): Value[] =>
    Array.from({ length: count }, (_, index) => make(index));
  const change = { atMs: 0, kind: 'replay', text: text(200) } as const;
  return {
    ...inconsistent,
    title: text(200),
    alerts: times(5, () => ({
      name: text(100),
      status: 'firing' as const,
      startsAtMs: 0,
      description: text(300),
      labels: Object.fromEntries(times(8, (label) => [`label${label}`, text(100)])),
    })),
    traces: {
      state: 'found',
      value: times(4, () => ({ traceId: 'a', url: 'http://a/', atMs: 0, measured: text(160), story: text(160) })),
    },
    logs: {
      state: 'found',
      value: {
        query: text(300),
        scope: 'time',
        top: times(6, (lines) => ({ lines, service: 'worker', message: text(120), code: 'bug' })),
      },
    },
    starts: { state: 'found', value: times(6, () => change) },
    changes: { state: 'found', value: times(6, () => change) },
    runbook: {
      state: 'found',
      value: {
        variables: {},
        steps: times(2, () => ({ language: 'sh', text: text(600), expected: text(200) })),
        leftOut: 0,
      },
    },
  };
}
