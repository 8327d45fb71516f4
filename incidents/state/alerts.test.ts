import { describe, expect, it } from 'vitest';
import { LivingIncident } from '../../test/incidents/incident-of.ts';
import { MINUTE_MS, firing, opening, resolved } from '../../test/incidents/samples.ts';
import { ALERTS_MAX, firingAlerts, isNews, takeAlerts } from './alerts.ts';

describe('an incident', () => {
  it('ends when every alert has ended and the hold has passed, and tells whoever was paged', () => {
    const incident = new LivingIncident({ alerts: [firing('a'), firing('b')] });
    incident
      .until(MINUTE_MS)
      .alerts(resolved('a'))
      .until(4 * MINUTE_MS);
    expect(incident.state.status).toBe('triggered');
    incident.alerts(resolved('b')).until(6 * MINUTE_MS - 1);
    expect(incident.state.status).toBe('triggered');
    incident.until(6 * MINUTE_MS);
    expect(incident.state).toMatchObject({ status: 'resolved', endedAtMs: 6 * MINUTE_MS });
    expect(incident.told).toEqual(['1/1/1/person:ada/chat', 'resolved/1/person:ada/chat']);
    expect(incident.kinds.at(-1)).toBe('notified');
    expect(incident.kinds).toContain('resolved');
  });

  it('counts an alert that fires again within the hold as a flap, and goes on where it was', () => {
    const incident = new LivingIncident();
    incident
      .until(4 * MINUTE_MS)
      .alerts(resolved())
      .until(5.5 * MINUTE_MS);
    expect(incident.told).toHaveLength(1);
    incident.alerts(firing('a', 5 * MINUTE_MS)).until(5.5 * MINUTE_MS);
    expect(incident.state.flaps).toBe(1);
    expect(incident.kinds).toContain('flapped');
    // The second step was due while nothing fired: nobody was told then, and is now.
    expect(incident.told).toEqual(['1/1/1/person:ada/chat', '1/1/2/person:ben/chat']);
  });

  it('is not changed by what it has heard, nor by what is older than that', () => {
    const incident = new LivingIncident({ alerts: [firing('a', 1_000)] });
    incident.until(MINUTE_MS).alerts(resolved('a', 1_000));
    const before = incident.state;
    incident.alerts(resolved('a', 1_000)).alerts(firing('a', 1_000)).alerts(firing('a', 500), resolved('a', 500));
    expect(incident.state).toEqual(before);
  });

  it('believes that an alert of the same moment still fires when that is said long after its end', () => {
    const incident = new LivingIncident({ alerts: [firing('a'), firing('b')] });
    incident
      .alerts(resolved('b'))
      .until(5 * MINUTE_MS)
      .alerts(firing('b'));
    expect(incident.state.firing).toBe(2);
    expect(incident.state.flaps).toBe(0);
  });

  it('hears the end of an alert before its beginning', () => {
    const incident = new LivingIncident();
    incident.alerts(resolved('b', 10)).alerts(firing('b', 10));
    expect(incident.state.firing).toBe(1);
  });

  it('remembers no more alerts than fit, and those that fire before those that have ended', () => {
    const many = Array.from({ length: ALERTS_MAX }, (_, index) => firing(`f${index}`));
    const full = new LivingIncident({ alerts: many });
    full.alerts(firing('one more'));
    expect(full.state.firing).toBe(ALERTS_MAX);
    full.alerts(resolved('f0')).alerts(firing('one more'));
    expect(full.state.alerts['one more']).toBeDefined();
    expect(full.state.alerts['f0']).toBeUndefined();
  });
});

it('tells the newest alerts first', () => {
  const { state } = new LivingIncident({ alerts: [firing('a', 1), firing('b', 3), firing('c', 2)] });
  expect(firingAlerts(state, 2).map(({ fingerprint }) => fingerprint)).toEqual(['b', 'c']);
});

describe('news is', () => {
  const { state } = new LivingIncident({ opening: opening(), alerts: [firing('a', 10)] });
  it.each([
    ['an alert that nobody knew', [firing('b')], true],
    ['an alert that has begun anew', [firing('a', 20)], true],
    ['not what is known', [firing('a', 10)], false],
    ['not what began earlier', [firing('a', 5)], false],
    ['not an end', [resolved('a', 20), resolved('b')], false],
  ])('%s', (_, told, expected) => {
    expect(isNews(state, told, 0)).toBe(expected);
    expect(isNews(null, told, 0)).toBe(told.some(({ status }) => status === 'firing'));
  });
});

it('keeps 10,000 alerts in less than half of what Temporal takes in one piece', () => {
  const hex = (index: number): string => index.toString(16).padStart(16, '0');
  const many = Array.from({ length: 10_000 }, (_, index) => firing(hex(index), 1_790_000_000_000 + index));
  const { state } = takeAlerts(new LivingIncident().state, many, 1_790_000_000_000);
  const after = takeAlerts(
    state,
    many.map((alert) => ({ ...alert, status: 'resolved' as const })),
    1_790_000_000_000,
  );
  expect(JSON.stringify(after.state).length).toBeLessThan(1_000_000);
});
