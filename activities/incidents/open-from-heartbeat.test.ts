import { expect, test } from 'vitest';
import type { AlertGroup } from '../../incidents/http/alert-group.ts';
import { DEFAULT_POLICY_FILE, openPolicy } from '../../incidents/policy/load.ts';
import { createOpenFromHeartbeat } from './open-from-heartbeat.ts';

const MISSED = {
  version: 1,
  tenant: 'platform',
  name: 'watchdog',
  startsAtMs: 1_000,
  everyMs: 60_000,
  lastBeatAtMs: 0,
} as const;

const dependencies = (groups: AlertGroup[]) => ({
  policy: openPolicy({ file: DEFAULT_POLICY_FILE, environment: {}, nowMs: Date.now }),
  openOrUpdate: (group: AlertGroup) => Promise.resolve(String(groups.push(group))),
  nowMs: () => 5_000,
});

test('a missed beat and its end are one alert of one group, which names no time but that at which it was due', async () => {
  const groups: AlertGroup[] = [];
  const openFromHeartbeat = createOpenFromHeartbeat(dependencies(groups));
  expect(await openFromHeartbeat({ ...MISSED, status: 'firing' })).toEqual({ isKnown: true });
  await openFromHeartbeat({ ...MISSED, status: 'firing' });
  await openFromHeartbeat({ ...MISSED, status: 'resolved' });
  const [first, again, end] = groups;
  expect(again).toEqual(first);
  expect(first).toMatchObject({ source: 'heartbeat', severity: 'critical', labels: { heartbeat: 'watchdog' } });
  expect(end?.groupKey).toBe(first?.groupKey);
  expect(end?.alerts[0]).toMatchObject({
    fingerprint: first?.alerts[0]?.fingerprint,
    status: 'resolved',
    startsAtMs: 1_000,
    endsAtMs: 5_000,
  });
  expect(first?.alerts[0]?.annotations['description']).toContain('1970-01-01T00:00:00.000Z');
});

test('one that was taken out of the policy opens nothing, and what is open is ended all the same', async () => {
  const groups: AlertGroup[] = [];
  const openFromHeartbeat = createOpenFromHeartbeat(dependencies(groups));
  const takenOut = { ...MISSED, name: 'taken-out' };
  expect(await openFromHeartbeat({ ...takenOut, status: 'firing' })).toEqual({ isKnown: false });
  expect(groups).toEqual([]);
  await openFromHeartbeat({ ...takenOut, status: 'resolved' });
  expect(groups).toHaveLength(1);
});
