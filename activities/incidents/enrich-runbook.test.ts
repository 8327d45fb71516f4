import { describe, expect, it } from 'vitest';
import { alertNames } from '../../alerts/all.ts';
import { readFirstSteps, withVariables } from './enrich-runbook.ts';

const named = (alertname: string) => ({
  alerts: [{ fingerprint: 'f', status: 'firing' as const, startsAtMs: 0, labels: { alertname }, annotations: {} }],
});

describe('the first steps of a runbook', () => {
  it('are there for every alert, with what to expect, and short enough for a phone', async () => {
    for (const name of alertNames()) {
      const runbook = await readFirstSteps(named(name));
      expect(runbook?.steps.length, name).toBeGreaterThan(0);
      for (const { text, expected } of runbook?.steps ?? []) {
        expect(text, name).not.toMatch(/…$/);
        expect(expected, name).toMatch(/^Expect .*[^…]$/);
      }
    }
  });

  it('are of no file but a page, whatever an alert is called', async () => {
    for (const name of ['NotOurs', '', '../package', 'README', 'constructor', '..', 'a/b']) {
      const runbook = await readFirstSteps(named(name));
      expect(runbook?.steps ?? [], name).toEqual([]);
    }
  });

  it('get the words that they need and no others', async () => {
    const runbook = await readFirstSteps(named('LedgerEventsLost'));
    if (runbook === undefined) throw new Error('there is no page');
    expect(withVariables(runbook, { TENANT: 'acme', WINDOW: '2026-01-05T10:00:00Z' }).variables).toEqual({
      TENANT: 'acme',
    });
    expect(withVariables(runbook, { TENANT: undefined, WINDOW: undefined }).variables).toEqual({});
  });
});
