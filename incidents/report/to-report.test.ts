import { describe, expect, it } from 'vitest';
import type { Page } from '../page/types.ts';
import type { TimelineDetails } from '../timeline-details.ts';
import { TIMELINE_KINDS, type TimelineEntry, type TimelineKind } from '../types.ts';
import { milestonesOf } from './durations.ts';
import { entryText } from './entry-text.ts';
import { type ReportInput, toReport } from './to-report.ts';

const at = (text: string): number => Date.parse(`2026-01-06T${text}Z`);
const INCIDENT = '019b9150-1a00-7000-8000-0000000000aa';
const REPLAY = '019b9160-0000-7000-8000-0000000000bb';

let number = 0;
function entry<Kind extends TimelineKind>(
  time: string,
  kind: Kind,
  details: TimelineDetails[Kind],
  actor = 'platform',
): TimelineEntry {
  number += 1;
  return {
    entryId: `${INCIDENT}/${number}`,
    incidentId: INCIDENT,
    atMs: at(time),
    kind,
    actor,
    details: details as TimelineEntry['details'],
  };
}

const page: Page = {
  version: 1,
  incidentId: INCIDENT,
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
      description: '3 windows are inconsistent: credits do not add up, or the ledger knows of lost events.',
      labels: {},
    },
  ],
  alertsLeftOut: 0,
  links: [],
  traces: {
    state: 'found',
    value: [
      {
        traceId: '4bf92f3577b34da6a3ce929d0e0e4736',
        url: 'http://127.0.0.1:16686/trace/4bf92f3577b34da6a3ce929d0e0e4736',
        atMs: at('03:05:10'),
        measured: 'unmogrowp_window_runs_total of worker, outcome inconsistent',
        story: 'worker window.run: credits come to 41.5 and not to 42',
      },
    ],
  },
  logs: { state: 'unavailable', reason: 'no answer within 3 s' },
  starts: { state: 'found', value: [] },
  changes: { state: 'found', value: [] },
  windows: {
    state: 'found',
    value: {
      windows: ['01:00:00', '02:00:00', '05:00:00'].map((time) => ({
        tenant: 'acme',
        windowStartMs: at(time),
        windowEndMs: at(time) + 3_600_000,
        state: 'inconsistent',
      })),
      leftOut: 0,
    },
  },
  runbook: {
    state: 'found',
    value: {
      variables: { TENANT: 'acme' },
      steps: [
        {
          language: 'sh',
          text: 'unmogrowp windows list --tenant "$TENANT"',
          expected: 'Expect the windows concerned.',
        },
        { language: 'promql', text: 'max(unmogrowp_windows) > 0', expected: 'Expect how many.' },
      ],
      leftOut: 1,
    },
  },
  replay: {
    state: 'found',
    value: {
      commands: [
        `unmogrowp replay --tenant acme --from 2026-01-06T01:00:00Z --to 2026-01-06T03:00:00Z --reason 'incident ${INCIDENT}' --dry-run`,
      ],
      scope: 'affected',
    },
  },
};

const night: ReportInput = {
  incident: {
    incidentId: INCIDENT,
    workflowId: 'incident/acme/0123456789abcdef',
    tenant: 'acme',
    title: page.title,
    severity: 'critical',
    urgency: 'high',
    status: 'resolved',
    policyVersion: '3f2a9c01b7de',
    previousIncidentId: null,
    openedAtMs: at('03:12:30'),
    acknowledgedAtMs: at('03:21:00'),
    resolvedAtMs: at('04:40:00'),
    entries: 14,
  },
  entries: [
    entry('03:12:30', 'opened', {
      title: page.title,
      severity: 'critical',
      urgency: 'high',
      source: 'alertmanager',
      alerts: 1,
    }),
    entry('03:12:34', 'page_gathered', { durationMs: 3_420, unavailable: 'logs' }),
    entry('03:12:34', 'step_begun', { round: 1, loop: 1, step: 1 }),
    entry('03:12:36', 'notice_failed', {
      deliveryKey: `${INCIDENT}/1/1/1/person:ada/push`,
      contact: 'person:ada/push',
      channel: 'webhook',
      kind: 'page',
      createdAtMs: at('03:12:34'),
      code: 'channel_failed',
    }),
    entry('03:12:38', 'notified', {
      deliveryKey: `${INCIDENT}/1/1/1/person:ada/mail`,
      contact: 'person:ada/mail',
      channel: 'email',
      kind: 'page',
      createdAtMs: at('03:12:36'),
      bundled: 1,
    }),
    entry('03:17:34', 'shift_empty', { schedule: 'second-line', step: 2 }),
    entry('03:21:00', 'acknowledged', { via: 'link', isFirst: true }, 'ada'),
    entry('03:30:00', 'noted', { via: 'cli', text: 'deleted rows | put them back <b>now</b>' }, 'ada'),
    entry('03:40:00', 'replay_linked', { via: 'cli', replayId: REPLAY }, 'ada'),
    entry('04:10:00', 'replay_published', { replayId: REPLAY }),
    entry('04:20:00', 'alerts_changed', { firing: 0, resolved: 1 }),
    entry('04:40:00', 'resolved', { by: 'source' }),
  ],
  pages: [page, { ...page, gatheredAtMs: at('03:17:34') }],
  replays: [
    {
      replayId: REPLAY,
      tenant: 'acme',
      fromMs: at('01:00:00'),
      toMs: at('03:00:00'),
      isPublished: true,
      state: 'ended',
    },
  ],
  writtenAtMs: at('09:00:00'),
};

describe('the report', () => {
  it('tells a night from the first alert to the end, and asks for what nobody wrote down', async () => {
    await expect(toReport(night)).toMatchFileSnapshot('golden/a-night.txt');
  });

  it('says of what has not happened yet that it has not', () => {
    const text = toReport({
      ...night,
      entries: night.entries.slice(0, 3),
      pages: [],
      replays: [],
      writtenAtMs: at('03:20:00'),
    });
    expect(text).toContain('| acknowledged |  | not within 7 min |');
    expect(text).toContain('| resolved |  | not within 7 min |');
    expect(text).toContain('Nobody.');
    expect(text).toContain('No replay was linked.');
    expect(text).toContain('Nobody gave the incident a command.');
  });

  it('calls a replay that nobody published no repair', () => {
    const replays = night.replays.map((replay) => ({ ...replay, isPublished: false, state: 'ended' }));
    const text = toReport({ ...night, replays });
    expect(text).toContain(`**not published**: \`${REPLAY}\``);
    expect(text).toContain('| **no** |');
  });

  it('keeps every entry on its own row, whatever people write', () => {
    const rows = toReport(night)
      .split('\n')
      .filter((line) => line.startsWith('| 2026-01-06 '));
    expect(rows.length).toBe(night.entries.length + 2);
    expect(rows.join('\n')).not.toContain('<b>');
  });

  it('has words for every kind of entry, also for those that were written without details', () => {
    for (const kind of TIMELINE_KINDS) {
      const text = entryText({ entryId: 'a/1', incidentId: INCIDENT, atMs: 0, kind, actor: 'ada', details: {} });
      expect(text, kind).not.toMatch(/undefined|NaN|Invalid/);
      expect(text.length, kind).toBeGreaterThan(5);
    }
  });
});

describe('milestones', () => {
  it('take the first replay as the mitigation, or the end of the last alert when that came first', () => {
    const { openedAtMs } = night.incident;
    expect(milestonesOf(openedAtMs, night.entries).mitigatedAtMs).toBe(at('03:40:00'));
    const withoutReplay = night.entries.filter(({ kind }) => kind !== 'replay_linked');
    expect(milestonesOf(openedAtMs, withoutReplay).mitigatedAtMs).toBe(at('04:20:00'));
  });

  it('take no end of alerts that fire again', () => {
    const entries = [
      entry('03:20:00', 'alerts_changed', { firing: 0, resolved: 1 }),
      entry('03:21:00', 'alerts_changed', { firing: 1, resolved: 0 }),
    ];
    expect(milestonesOf(at('03:00:00'), entries).mitigatedAtMs).toBeUndefined();
  });
});
