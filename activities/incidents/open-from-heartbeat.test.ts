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

test('a missed beat and its end are one alert of one group, which names no time but that at which it was due', async () => {
  const groups: AlertGroup[] = [];
  const openFromHeartbeat = createOpenFromHeartbeat({
    policy: openPolicy({ file: DEFAULT_POLICY_FILE, environment: {}, nowMs: Date.now }),
    openOrUpdate: (group) => Promise.resolve(String(groups.push(group))),
    nowMs: () => 5_000,
  });
  await openFromHeartbeat({ ...MISSED, status: 'firing' });
  await openFromHeartbeat({ ...MISSED, status: 'firing' });
  await openFromHeartbeat({ ...MISSED, status: 'resolved' });
  await openFromHeartbeat({ ...MISSED, name: 'taken-out', lastBeatAtMs: null, status: 'firing' });
  const [first, again, end, other] = groups;
  expect(again).toEqual(first);
  expect(first).toMatchObject({ source: 'heartbeat', severity: 'critical', labels: { heartbeat: 'watchdog' } });
  expect(end?.groupKey).toBe(first?.groupKey);
  expect(end?.alerts[0]).toMatchObject({
    fingerprint: first?.alerts[0]?.fingerprint,
    status: 'resolved',
    startsAtMs: 1_000,
    endsAtMs: 5_000,
  });
  expect(other?.alerts[0]?.fingerprint).not.toBe(first?.alerts[0]?.fingerprint);
  expect(other?.alerts[0]?.annotations['description']).toContain('never');
});
