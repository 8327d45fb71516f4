import { describe, expect, it } from 'vitest';
import { UnmogrowpError } from '../errors.ts';
import { type CountReport, createAcceptedCounts } from './accepted-counts.ts';
import { startAcceptedReports } from './report-accepted.ts';

const HOUR_MS = 3_600_000;

describe('accepted events', () => {
  it('are counted by tenant and hour of receipt, also when a request ends in the next hour', () => {
    const counts = createAcceptedCounts();
    counts.add('acme', HOUR_MS - 1, 3);
    counts.add('acme', HOUR_MS, 5);
    counts.add('beta', HOUR_MS, 1);
    counts.add('acme', HOUR_MS - 1, 2);
    counts.add('acme', HOUR_MS + 1, 1);
    expect(counts.takeChanged()).toEqual([
      { tenantId: 'acme', hourMs: 0, events: 5 },
      { tenantId: 'acme', hourMs: HOUR_MS, events: 6 },
      { tenantId: 'beta', hourMs: HOUR_MS, events: 1 },
    ]);
    expect(counts.takeChanged()).toEqual([]);
    counts.add('beta', HOUR_MS, 1);
    expect(counts.takeChanged()).toEqual([{ tenantId: 'beta', hourMs: HOUR_MS, events: 2 }]);
  });

  it('of hours long ago are forgotten once they were told', () => {
    const counts = createAcceptedCounts();
    counts.add('acme', 0, 1);
    counts.add('acme', 10 * HOUR_MS, 1);
    expect(counts.takeChanged()).toHaveLength(2);
    counts.add('acme', 20 * HOUR_MS, 1);
    counts.add('acme', 0, 1);
    expect(counts.takeChanged()).toEqual([
      { tenantId: 'acme', hourMs: 20 * HOUR_MS, events: 1 },
      { tenantId: 'acme', hourMs: 0, events: 1 },
    ]);
  });
});

describe('reports of what was accepted', () => {
  it('come again until they were stored, and at the end of the process', async () => {
    const counts = createAcceptedCounts();
    const saved: CountReport[] = [];
    const codes: string[] = [];
    let isAway = true;
    const away = Promise.withResolvers<void>();
    const held = [{ tenantId: 'acme', hourMs: 0, events: 1 }];
    counts.add('acme', 5, 7);
    const stop = startAcceptedReports({
      counts,
      spool: { held: () => held },
      intervalMs: 1,
      save: (report) => {
        if (isAway) return Promise.reject(new UnmogrowpError('postgres_unavailable', 'away'));
        saved.push(report);
        return Promise.resolve();
      },
      onError: ({ code }) => {
        codes.push(code);
        away.resolve();
      },
    });
    await away.promise;
    expect(saved).toEqual([]);
    isAway = false;
    await stop();
    expect(saved).toEqual([{ accepted: [{ tenantId: 'acme', hourMs: 0, events: 7 }], held }]);
    expect(new Set(codes)).toEqual(new Set(['postgres_unavailable']));
  });

  it('are not made of nothing', async () => {
    const saved: CountReport[] = [];
    const stop = startAcceptedReports({
      counts: createAcceptedCounts(),
      spool: { held: () => [] },
      intervalMs: 1,
      save: (report) => Promise.resolve(void saved.push(report)),
      onError: () => {},
    });
    await stop();
    // The first one says that the spool is empty, whatever a process before has told of it.
    expect(saved).toEqual([{ accepted: [], held: [] }]);
  });
});
