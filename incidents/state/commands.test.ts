import { describe, expect, it } from 'vitest';
import { LivingIncident } from '../../test/incidents/incident-of.ts';
import { HOUR_MS, MINUTE_MS, firing, opening, resolved } from '../../test/incidents/samples.ts';
import type { IncidentCommand } from '../types.ts';
import { takeMergeFailure, takeMergedFrom, takeReplayPublished } from './commands.ts';
import { refusalOf } from './refusals.ts';

const ada = { actor: 'ada', via: 'http' } as const;
const acknowledge = { name: 'acknowledge' } as const;
const merge = { name: 'merge', intoIncidentId: 'other', intoWorkflowId: 'incident/platform/other' } as const;
const refusal = (incident: LivingIncident, command: Omit<IncidentCommand, 'actor' | 'via'>): string | undefined =>
  refusalOf(incident.state, { ...ada, ...command } as IncidentCommand, incident.nowMs);

describe('acknowledge', () => {
  it('stops the ladder until its time is over, and then it is climbed anew', () => {
    const incident = new LivingIncident()
      .until(MINUTE_MS)
      .command(acknowledge)
      .until(31 * MINUTE_MS - 1);
    expect(incident.told).toHaveLength(1);
    expect(incident.state.status).toBe('acknowledged');
    incident.until(31 * MINUTE_MS);
    expect(incident.state.status).toBe('triggered');
    expect(incident.told.at(-1)).toBe('2/1/1/person:ada/chat');
    expect(incident.kinds).toContain('acknowledgement_expired');
  });

  it('is not worth less because nothing fires for a moment', () => {
    const incident = new LivingIncident({ opening: opening({ holdMs: HOUR_MS }) }).command(acknowledge);
    incident
      .until(29 * MINUTE_MS)
      .alerts(resolved())
      .until(40 * MINUTE_MS);
    expect(incident.state.status).toBe('acknowledged');
    incident.alerts(firing('a', 40 * MINUTE_MS)).until(40 * MINUTE_MS);
    expect(incident.told.at(-1)).toBe('2/1/1/person:ada/chat');
  });

  it('is taken over by somebody else, and is known to be the first or not', () => {
    const incident = new LivingIncident().command(acknowledge);
    expect(refusal(incident, acknowledge)).toBe('You have acknowledged it already.');
    incident.until(MINUTE_MS).command({ ...acknowledge, actor: 'ben' });
    const entries = incident.entries.filter(({ kind }) => kind === 'acknowledged');
    expect(entries.map(({ actor, details }) => [actor, details['isFirst']])).toEqual([
      ['ada', true],
      ['ben', false],
    ]);
    expect(incident.state.firstAcknowledgedAtMs).toBe(0);
  });

  it('reminds whoever did it, until a note says how it stands', () => {
    const incident = new LivingIncident({
      opening: opening({ statusUpdateMs: 10 * MINUTE_MS, acknowledgeTimeoutMs: null }),
    }).command(acknowledge);
    incident
      .until(8 * MINUTE_MS)
      .command({ name: 'note', text: 'found it' } as never)
      .until(17 * MINUTE_MS);
    expect(incident.told).toHaveLength(1);
    incident.until(28 * MINUTE_MS);
    expect(incident.told.slice(1)).toEqual(['status_update/1/person:ada/chat', 'status_update/2/person:ada/chat']);
  });
});

it('unacknowledge triggers at once', () => {
  const incident = new LivingIncident();
  expect(refusal(incident, { name: 'unacknowledge' })).toContain('Nobody has acknowledged it');
  incident.command(acknowledge).until(MINUTE_MS).command({ name: 'unacknowledge' });
  expect(incident.told.at(-1)).toBe('2/1/1/person:ada/chat');
});

describe('snooze', () => {
  const snooze = { name: 'snooze', untilMs: HOUR_MS } as const;

  it('is silent to its end, and triggers what still fires', () => {
    const incident = new LivingIncident().command(snooze).until(HOUR_MS - 1);
    expect(incident.told).toHaveLength(1);
    expect(refusal(incident, snooze)).toBe('It is snoozed until then already.');
    incident.until(HOUR_MS);
    expect(incident.told.at(-1)).toBe('2/1/1/person:ada/chat');
  });

  it('stays silent when alerts end and fire again, and ends with what has ended', () => {
    const incident = new LivingIncident()
      .command(snooze)
      .until(10 * MINUTE_MS)
      .alerts(resolved());
    incident
      .until(20 * MINUTE_MS)
      .alerts(firing('a', 20 * MINUTE_MS))
      .until(30 * MINUTE_MS);
    expect(incident.state.status).toBe('snoozed');
    incident.alerts(resolved('a', 20 * MINUTE_MS)).until(HOUR_MS);
    expect(incident.state).toMatchObject({ status: 'resolved', endedAtMs: HOUR_MS });
    expect(incident.told.slice(1)).toEqual(['resolved/1/person:ada/chat']);
  });

  it.each([
    ['has passed', 0],
    ['takes longer than a month', 32 * 24 * HOUR_MS],
  ])('is refused when it %s', (_, untilMs) => {
    expect(refusal(new LivingIncident(), { name: 'snooze', untilMs } as never)).toBeDefined();
  });
});

describe('escalate', () => {
  it('tells the next step now, also of what was acknowledged, and begins anew after the last one', () => {
    const incident = new LivingIncident().command(acknowledge).until(MINUTE_MS).command({ name: 'escalate' });
    expect(incident.told.at(-1)).toBe('1/1/2/person:ben/chat');
    expect(refusal(incident, { name: 'escalate' })).toBe('It was escalated a moment ago.');
    incident.until(HOUR_MS).command({ name: 'escalate' });
    expect(incident.told.at(-1)).toBe('2/1/1/person:ada/chat');
    expect(incident.state.ladder.dueMs).toBe(HOUR_MS + 5 * MINUTE_MS);
  });

  it('is refused for what is of low urgency and for what has stopped', () => {
    const low = new LivingIncident({ opening: opening({}, { severity: 'info' }) });
    expect(refusal(low, { name: 'escalate' })).toContain('low urgency');
    const quiet = new LivingIncident().alerts(resolved());
    expect(refusal(quiet, { name: 'escalate' })).toContain('Nothing fires any more');
  });
});

describe('reassign', () => {
  const target = { kind: 'person', person: 'cleo' } as const;
  const reassign = { name: 'reassign', target } as const;

  it('tells the target in the place of the step that waits, and the ladder goes on after it', () => {
    const incident = new LivingIncident()
      .until(4 * MINUTE_MS)
      .command(reassign)
      .until(9 * MINUTE_MS - 1);
    expect(incident.told.at(-1)).toBe('reassigned/1/person:cleo/chat');
    expect(refusal(incident, reassign)).toBe('person:cleo was told already.');
    incident.until(9 * MINUTE_MS);
    expect(incident.told.at(-1)).toBe('1/1/2/person:ben/chat');
  });

  it('takes what was acknowledged from whoever did it', () => {
    const incident = new LivingIncident().command(acknowledge).until(MINUTE_MS).command(reassign);
    expect(incident.state.status).toBe('triggered');
    incident.until(6 * MINUTE_MS);
    expect(incident.told.slice(1)).toEqual(['reassigned/1/person:cleo/chat', '2/1/2/person:ben/chat']);
  });
});

describe('resolve', () => {
  it('ends what still fires, says who did it and why, and nothing is told after', () => {
    const incident = new LivingIncident().until(MINUTE_MS).command({ name: 'resolve', text: 'restarted' } as never);
    expect(incident.entries.find(({ kind }) => kind === 'resolved')).toMatchObject({
      actor: 'ada',
      details: { by: 'person', via: 'http', text: 'restarted' },
    });
    incident.until(24 * HOUR_MS);
    expect(incident.told).toEqual(['1/1/1/person:ada/chat', 'resolved/1/person:ada/chat']);
    expect(refusal(incident, acknowledge)).toBe('The incident has ended.');
  });
});

describe('merge', () => {
  it('tells the other incident, follows its alerts to their end and has no ladder', () => {
    const incident = new LivingIncident().command(merge).until(HOUR_MS);
    expect(incident.effects).toContainEqual({
      kind: 'merge',
      intoIncidentId: 'other',
      intoWorkflowId: 'incident/platform/other',
      actor: 'ada',
    });
    expect(incident.told).toHaveLength(1);
    expect(refusal(incident, acknowledge)).toContain('say it to that one');
    incident.alerts(resolved()).until(2 * HOUR_MS);
    expect(incident.state).toMatchObject({ status: 'merged', endedAtMs: HOUR_MS + 2 * MINUTE_MS });
  });

  it('into what has ended is undone, or nobody would look after it', () => {
    const incident = new LivingIncident().command(merge).change(takeMergeFailure);
    expect(incident.state).toMatchObject({ status: 'triggered', mergedInto: null });
    expect(incident.told.at(-1)).toBe('2/1/1/person:ada/chat');
  });

  it('into itself is refused', () => {
    const incident = new LivingIncident();
    const { incidentId, workflowId } = incident.state.opening;
    expect(refusal(incident, { ...merge, intoIncidentId: incidentId } as never)).toBeDefined();
    expect(refusal(incident, { ...merge, intoWorkflowId: workflowId } as never)).toBeDefined();
  });

  it('is written down by the other one too', () => {
    const incident = new LivingIncident();
    incident.change((state, nowMs) => takeMergedFrom(state, { incidentId: 'other', actor: 'ada' }, nowMs));
    expect(incident.entries.at(-1)).toMatchObject({ kind: 'merged_from', actor: 'ada' });
  });
});

it('a linked replay that is published is told once to whoever was paged; another one is not', () => {
  const link = { name: 'link_replay', replayId: 'replay' } as const;
  const incident = new LivingIncident().command(link);
  expect(refusal(incident, link)).toBe('This replay is linked already.');
  for (const replayId of ['other', 'replay', 'replay']) {
    incident.change((state, nowMs) => takeReplayPublished(state, replayId, nowMs));
  }
  expect(incident.told.slice(1)).toEqual(['replay_published/1/person:ada/chat']);
});

it('a link works once', () => {
  const incident = new LivingIncident().command({ ...acknowledge, linkId: 'link' } as never);
  incident.command({ name: 'unacknowledge' });
  expect(refusal(incident, { ...acknowledge, linkId: 'link' } as never)).toBe('This link has been used.');
  expect(refusal(incident, { ...acknowledge, linkId: 'other' } as never)).toBeUndefined();
});

it('what nobody hears of any more resolves itself', () => {
  const incident = new LivingIncident({ opening: opening({ autoResolveMs: 2 * HOUR_MS }) }).until(HOUR_MS);
  incident.alerts(firing()).until(3 * HOUR_MS - 1);
  expect(incident.state.status).toBe('triggered');
  incident.until(3 * HOUR_MS);
  expect(incident.kinds).toContain('auto_resolved');
  expect(incident.state.status).toBe('resolved');
});
