import { describe, expect, it } from 'vitest';
import { EXAMPLE_TEXT, exampleDocument } from '../../test/incidents/example-policy.ts';
import { parsePolicy } from './parse.ts';
import { selectPolicy } from './select.ts';
import { snapshotFor } from './take-snapshot.ts';
import { policyVersion } from './version.ts';

const document = exampleDocument();
const version = policyVersion(document);
const critical = { alertname: 'WindowInconsistent', severity: 'critical' };

describe('the policy of an alert', () => {
  it('is the first one that takes its labels', () => {
    expect(selectPolicy(document, critical)?.id).toBe('money');
    expect(selectPolicy(document, { ...critical, severity: 'warning' })?.id).toBe('everything');
    expect(selectPolicy(document, {})?.id).toBe('everything');
  });

  it('is none when none takes them', () => {
    const [money] = document.policies;
    const lacking = { ...document, policies: money === undefined ? [] : [money] };
    expect(selectPolicy(lacking, {})).toBeUndefined();
    expect(snapshotFor({ document: lacking, version }, {})).toBeUndefined();
  });
});

describe('what an incident keeps', () => {
  const office = {
    id: 'office',
    timeZone: 'Europe/Berlin',
    weekdays: [1, 2, 3, 4, 5],
    fromMinute: 540,
    toMinute: 1_050,
  };

  it('has every length of time in milliseconds', () => {
    expect(snapshotFor({ document, version }, critical)).toEqual({
      version,
      policyId: 'money',
      urgency: { kind: 'constant', urgency: 'high' },
      steps: [
        { notify: [{ kind: 'schedule', schedule: 'primary' }], waitMs: 300_000 },
        {
          notify: [
            { kind: 'schedule', schedule: 'primary' },
            { kind: 'person', person: 'ada' },
          ],
          waitMs: 600_000,
        },
        {
          when: { outside: office, openAtLeastMs: 900_000 },
          notify: [{ kind: 'channel', channel: 'room' }],
          waitMs: 600_000,
        },
      ],
      schedules: { primary: document.schedules[0] },
      repeat: 3,
      holdMs: 300_000,
      acknowledgeTimeoutMs: 3_600_000,
      autoResolveMs: null,
      statusUpdateMs: 1_800_000,
      lastResort: 'list',
      throttle: { messages: 5, perMs: 900_000 },
    });
  });

  it('has the support hours of its urgency', () => {
    expect(snapshotFor({ document, version }, {})).toMatchObject({
      urgency: {
        kind: 'support_hours',
        hours: office,
        inside: { warning: 'high' },
        outside: { warning: 'low' },
        raiseAtStart: true,
      },
      autoResolveMs: 259_200_000,
    });
  });

  it('ends hours of a night on the day after', () => {
    const { document: changed } = parsePolicy(EXAMPLE_TEXT.replace("09:00'\n    to: '17:30", "22:00'\n    to: '06:00"));
    expect(changed && snapshotFor({ document: changed, version }, {})?.urgency).toMatchObject({
      hours: { fromMinute: 1_320, toMinute: 1_800 },
    });
  });

  it('holds no address, no variable and no name of a person', () => {
    for (const labels of [critical, {}]) {
      const text = JSON.stringify(snapshotFor({ document, version }, labels));
      expect(text).not.toMatch(/@|Ada Example|Grace Example|_URL|_KEY|_SECRET/);
    }
  });

  it('is plain JSON', () => {
    const snapshot = snapshotFor({ document, version }, critical);
    expect(JSON.parse(JSON.stringify(snapshot))).toEqual(snapshot);
  });

  it('leaves out schedules that its steps do not name', () => {
    const { document: changed } = parsePolicy(EXAMPLE_TEXT.replaceAll('{ schedule: primary }', '{ person: ada }'));
    expect(changed && snapshotFor({ document: changed, version }, critical)?.schedules).toEqual({});
  });
});

describe('the version of a policy', () => {
  const versionOf = (text: string): string | undefined => {
    const { document: parsed } = parsePolicy(text);
    return parsed && policyVersion(parsed);
  };

  it('is twelve hex digits', () => {
    expect(version).toMatch(/^[0-9a-f]{12}$/);
  });

  it('is the same for the same policy, however it is written', () => {
    expect(versionOf(`# another comment\n${EXAMPLE_TEXT}`)).toBe(version);
    expect(versionOf(EXAMPLE_TEXT.replace(', severity: warning }', ', "severity":  warning }'))).toBe(version);
    expect(versionOf(EXAMPLE_TEXT.replace('throttle: { messages: 5, per: 15m }\n', ''))).toBe(version);
    expect(versionOf(EXAMPLE_TEXT.replace('{ messages: 5, per: 15m }', '{ per: 15m, messages: 5 }'))).toBe(version);
  });

  it('does not depend on the order in which the schema names its settings', () => {
    const reversed = Object.fromEntries(Object.entries(document).toReversed()) as typeof document;
    expect(policyVersion(reversed)).toBe(version);
  });

  it('differs when anything differs that the file says', () => {
    const changed = [
      EXAMPLE_TEXT.replace('wait: 15m', 'wait: 16m'),
      EXAMPLE_TEXT.replace('[pager, mail]', '[mail, pager]'),
      EXAMPLE_TEXT.replace('ada@example.com', 'ada@example.org'),
      EXAMPLE_TEXT.replace('starts: 2026-01-05', 'starts: 2026-01-12'),
    ].map(versionOf);
    expect(new Set([version, ...changed]).size).toBe(5);
  });
});
