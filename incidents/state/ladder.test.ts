import { describe, expect, it } from 'vitest';
import { LivingIncident } from '../../test/incidents/incident-of.ts';
import { HOUR_MS, MINUTE_MS, POLICY, firing, opening, resolved } from '../../test/incidents/samples.ts';
import { openIncident } from './alerts.ts';
import { takeDelivery, takeTargets } from './answers.ts';
import { ASK_MS_MAX, takeMaintenance } from './ladder.ts';
import { passTime } from './time.ts';

describe('a ladder that nobody answers', () => {
  it('tells every step in every loop, each under its own key, and then the last resort, once', () => {
    const incident = new LivingIncident().until(HOUR_MS);
    expect(incident.told).toEqual([
      '1/1/1/person:ada/chat',
      '1/1/2/person:ben/chat',
      '1/2/1/person:ada/chat',
      '1/2/2/person:ben/chat',
      'nobody_answered/1/channel:everybody',
    ]);
    const begun = incident.entries.filter(({ kind }) => kind === 'step_begun' || kind === 'nobody_answered');
    expect(begun.map(({ atMs }) => atMs / MINUTE_MS)).toEqual([0, 5, 15, 20, 30]);
    expect(incident.kinds.filter((kind) => kind === 'nobody_answered')).toHaveLength(1);
  });

  it('waits from now when nobody could look in time, instead of telling all steps at once', () => {
    const incident = new LivingIncident();
    const late = passTime(incident.state, HOUR_MS);
    expect(late.effects.filter(({ kind }) => kind === 'notify')).toHaveLength(1);
    expect(late.state.ladder).toMatchObject({ step: 2, dueMs: HOUR_MS + 10 * MINUTE_MS });
  });
});

describe('a step', () => {
  const conditional = (when: (typeof POLICY.steps)[number]['when']) =>
    opening({ steps: [{ ...POLICY.steps[0], when }, POLICY.steps[1]] as typeof POLICY.steps });

  it.each([
    ['too few alerts fire', { firingAtLeast: 2 }],
    ['it is not open for long enough', { openAtLeastMs: MINUTE_MS }],
  ])('is skipped at once while %s', (_, when) => {
    const incident = new LivingIncident({ opening: conditional(when) });
    expect(incident.told).toEqual(['1/1/2/person:ben/chat']);
    expect(incident.kinds).toContain('step_skipped');
  });

  it('whose shift is empty moves on at once and says so', () => {
    const steps = [{ notify: [{ kind: 'schedule' as const, schedule: 'nights' }], waitMs: HOUR_MS }, ...POLICY.steps];
    const incident = new LivingIncident({
      opening: opening({ steps }),
      world: { chainsOf: (target) => (target.kind === 'schedule' ? [] : [['person:ada/mail']]) },
    });
    expect(incident.told).toEqual(['1/1/2/person:ada/mail']);
    expect(incident.entries.find(({ kind }) => kind === 'shift_empty')?.details).toEqual({
      schedule: 'nights',
      step: 1,
    });
  });

  it('goes from a contact that fails to the next one of the person, and from a person that cannot be reached on at once', () => {
    const incident = new LivingIncident({ world: { isDelivered: (contact) => contact === 'person:ben/mail' } });
    expect(incident.told).toEqual([
      '1/1/1/person:ada/chat',
      '1/1/1/person:ada/mail',
      '1/1/2/person:ben/chat',
      '1/1/2/person:ben/mail',
    ]);
    expect(incident.kinds.filter((kind) => kind === 'notice_failed')).toHaveLength(3);
    expect(incident.state.ladder).toMatchObject({ step: 2, dueMs: 10 * MINUTE_MS });
  });

  it('tells a contact that two targets share once, and each goes on by itself when it fails', () => {
    const both = [
      { kind: 'person' as const, person: 'ada' },
      { kind: 'person' as const, person: 'ben' },
    ];
    const chainsOf = (target: { person?: string }) => [
      ['channel:room' as const, `person:${target.person ?? ''}/mail` as const],
    ];
    const world = { chainsOf: chainsOf as never, isDelivered: (contact: string) => contact !== 'channel:room' };
    const incident = new LivingIncident({ opening: opening({ steps: [{ notify: both, waitMs: HOUR_MS }] }), world });
    expect(incident.told).toEqual(['1/1/1/channel:room', '1/1/1/person:ada/mail', '1/1/1/person:ben/mail']);
  });
});

describe('what becomes of a notice', () => {
  const { state } = openIncident(opening(), [firing()], 0);
  const asked = takeMaintenance(state, 1, null, 0);
  const chains = [['person:ada/chat' as const]];
  const found = { targets: [{ target: { kind: 'person' as const, person: 'ada' }, chains }], areOverridesKnown: true };
  const told = takeTargets(asked.state, '1/1/1', found, 0);
  const deliveryKey = `${state.opening.incidentId}/1/1/1/person:ada/chat`;
  const outcome = { deliveryKey, contact: 'person:ada/chat', outcome: 'failed', bundled: 1, atMs: 0 } as const;

  it('is written down once, however often it is said', () => {
    const both = {
      ...found,
      targets: [
        ...found.targets,
        { target: { kind: 'channel' as const, channel: 'room' }, chains: [['channel:room' as const]] },
      ],
    };
    const toTwo = takeTargets(asked.state, '1/1/1', both, 0);
    const once = takeDelivery(toTwo.state, { ...outcome, outcome: 'sent' }, 0);
    expect(once.effects).toHaveLength(1);
    expect(takeDelivery(once.state, { ...outcome, outcome: 'sent' }, 0)).toEqual({ state: once.state, effects: [] });
    expect(takeDelivery(told.state, { ...outcome, deliveryKey: 'of/another/one' }, 0).effects).toEqual([]);
  });

  it('moves the ladder only from the step that it belongs to', () => {
    const kinds = takeDelivery(told.state, outcome, 0).effects.map(({ kind }) => kind);
    expect(kinds).toEqual(['record', 'record', 'notify']);
    const next = passTime(told.state, 5 * MINUTE_MS).state;
    const late = takeDelivery(next, outcome, 5 * MINUTE_MS);
    expect(late.effects.map(({ kind }) => kind)).toEqual(['record']);
    expect(late.state.ladder).toEqual(next.ladder);
  });
});

describe('low urgency', () => {
  it('sees every step once when nobody can be reached', () => {
    const low = opening({}, { severity: 'info' });
    const incident = new LivingIncident({ opening: low, world: { isDelivered: () => false } });
    expect(incident.kinds.filter((kind) => kind === 'step_begun')).toHaveLength(2);
    expect(incident.state.ladder.phase).toBe('over');
  });

  it('tells the first step only, and nobody is missed', () => {
    const incident = new LivingIncident({ opening: opening({}, { severity: 'info' }) }).until(24 * HOUR_MS);
    expect(incident.told).toEqual(['1/1/1/person:ada/chat']);
    expect(incident.kinds).not.toContain('nobody_answered');
  });

  it('becomes high when people come to work', () => {
    const hours = { id: 'work', timeZone: 'UTC', weekdays: [1, 2, 3, 4, 5, 6, 7], fromMinute: 540, toMinute: 1_020 };
    const all = { critical: 'high', warning: 'high', info: 'high' } as const;
    const none = { critical: 'low', warning: 'low', info: 'low' } as const;
    const urgency = { kind: 'support_hours', hours, inside: all, outside: none, raiseAtStart: true } as const;
    const incident = new LivingIncident({ opening: opening({ urgency }) });
    incident.until(9 * HOUR_MS - 1);
    expect(incident.told).toEqual(['1/1/1/person:ada/chat']);
    expect(incident.entries.find(({ kind }) => kind === 'notified')?.details['isOutsideHours']).toBe(true);
    incident.until(9 * HOUR_MS + 5 * MINUTE_MS);
    expect(incident.state.urgency).toBe('high');
    expect(incident.told.slice(1)).toEqual(['2/1/1/person:ada/chat', '2/1/2/person:ben/chat']);
    expect(incident.entries.findLast(({ kind }) => kind === 'notified')?.details['isOutsideHours']).toBe(false);
  });
});

describe('maintenance', () => {
  it('is silent to its end, and what fires then is as if it had just begun', () => {
    const world = { maintenanceUntilMs: (nowMs: number) => (nowMs < HOUR_MS ? HOUR_MS : null) };
    const incident = new LivingIncident({ world }).until(HOUR_MS - 1);
    expect(incident.state.status).toBe('suppressed');
    expect(incident.told).toEqual([]);
    incident.until(HOUR_MS + 5 * MINUTE_MS);
    expect(incident.told).toEqual(['2/1/1/person:ada/chat', '2/1/2/person:ben/chat']);
    expect(incident.kinds.slice(0, 3)).toEqual(['opened', 'suppressed', 'maintenance_ended']);
  });

  it('that outlives its alerts tells nobody', () => {
    const incident = new LivingIncident({ world: { maintenanceUntilMs: () => HOUR_MS } });
    incident.alerts(resolved()).until(HOUR_MS);
    expect(incident.state.status).toBe('resolved');
    expect(incident.told).toEqual([]);
  });

  it('that nobody can say anything of holds a page up for seconds only, and the page says so', () => {
    const { state } = openIncident(opening(), [firing()], 0);
    const { effects } = passTime(state, ASK_MS_MAX);
    expect(effects.map(({ kind }) => kind)).toEqual(['record', 'notify']);
    expect(passTime(state, ASK_MS_MAX - 1).effects).toEqual([]);
  });
});
