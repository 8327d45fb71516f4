import { afterEach, expect, test, vi } from 'vitest';
import { UnmogrowpError } from '../../errors.ts';
import type { IncidentView, ShownEntry } from '../../incidents/http/answers.ts';
import { targetArgument, timeArgument, whichIncident } from './options.ts';
import { watchIncident } from './watch.ts';

const ID = '01890a5d-ac96-774b-bcce-b302099a8057';

const entry = (number: number, kind: ShownEntry['kind']): ShownEntry => ({
  entry_id: `${ID}/${number}`,
  incident_id: ID,
  at: `2026-01-05T10:0${number}:00.000Z`,
  kind,
  actor: 'platform',
  details: {},
});

function viewOf(timeline: readonly ShownEntry[], resolvedAt: string | null = null): IncidentView {
  const status = resolvedAt === null ? 'triggered' : 'resolved';
  const incident = { incident_id: ID, status, opened_at: '2026-01-05T10:00:00.000Z', resolved_at: resolvedAt };
  return { incident, live: null, timeline, alerts: [], unavailable: [] } as unknown as IncidentView;
}

afterEach(() => vi.restoreAllMocks());

/** What is printed while an incident is watched whose views, or failures, come one after the other. */
async function watched(views: readonly (IncidentView | Error)[]) {
  const printed: string[] = [];
  vi.spyOn(process.stdout, 'write').mockImplementation((text) => printed.push(String(text)) > 0);
  vi.spyOn(process.stderr, 'write').mockImplementation(() => true);
  const rest = [...views];
  const view = () => {
    const next = rest.shift();
    return next instanceof Error ? Promise.reject(next) : Promise.resolve(next as IncidentView);
  };
  const signal = new AbortController().signal;
  const last = await watchIncident({ view }, ID, { json: false, signal, pollMs: 1 });
  return { printed, last, left: rest.length };
}

test('every line is shown once, through an absence, until the end is written down', async () => {
  const [opened, acknowledged, resolved] = [entry(1, 'opened'), entry(2, 'acknowledged'), entry(3, 'resolved')];
  const end = '2026-01-05T10:03:00.000Z';
  const { printed, last, left } = await watched([
    viewOf([opened]),
    viewOf([opened]),
    new UnmogrowpError('incidents_unavailable', 'away'),
    viewOf([opened, acknowledged]),
    viewOf([opened, acknowledged], end),
    viewOf([opened, acknowledged, resolved], end),
  ]);
  expect(printed).toHaveLength(3);
  expect(printed[1]).toContain('2026-01-05 10:02:00');
  expect(last.incident.status).toBe('resolved');
  expect(left).toBe(0);
});

test('an incident that nobody knows is not waited for', async () => {
  const unknown = new UnmogrowpError('incident_unknown', 'none');
  await expect(watched([unknown, viewOf([])])).rejects.toMatchObject({ code: 'incident_unknown' });
});

test('without a name the only open incident is meant, and no other', async () => {
  const list = (count: number) => () =>
    Promise.resolve({ incidents: Array.from({ length: count }, () => viewOf([]).incident), unavailable: [] });
  expect(await whichIncident({ list: list(1) }, undefined)).toBe(ID);
  for (const count of [0, 2]) {
    await expect(whichIncident({ list: list(count) }, undefined)).rejects.toMatchObject({ code: 'incident_unknown' });
  }
});

test('targets and times are read or refused', () => {
  expect(targetArgument('person:ada')).toEqual({ kind: 'person', person: 'ada' });
  expect(targetArgument('channel:ops')).toEqual({ kind: 'channel', channel: 'ops' });
  for (const wrong of ['ada', 'team:ada', 'person:']) expect(() => targetArgument(wrong)).toThrow('person:NAME');
  expect(timeArgument('2026-01-05T11:00:00+01:00')).toBe('2026-01-05T10:00:00.000Z');
  for (const wrong of ['tomorrow', '2026-01-05', '2026-01-05T10:00']) expect(() => timeArgument(wrong)).toThrow();
});
