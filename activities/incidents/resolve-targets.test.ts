import { describe, expect, it } from 'vitest';
import { scheduleSchema } from '../../incidents/oncall/schema.ts';
import { parsePolicy } from '../../incidents/policy/parse.ts';
import type { PolicyDocument } from '../../incidents/policy/schema.ts';
import type { Target } from '../../incidents/types.ts';
import { targetsAt } from './resolve-targets.ts';

const DOCUMENT = documentOf(`
people:
  - id: ada
    name: Ada
    time_zone: UTC
    contacts:
      - { id: chat, kind: slack, url_variable: CHAT }
      - { id: mail, kind: email, address: ada@example.com }
    notify: { high: [chat, mail], low: [mail] }
  - id: ben
    name: Ben
    time_zone: UTC
    contacts: [{ id: mail, kind: email, address: ben@example.com }]
    notify: { high: [mail], low: [mail] }
channels:
  - { id: room, kind: slack, url_variable: CHAT }
schedules:
  - id: nights
    time_zone: UTC
    layers: [{ id: layer, people: [ben], starts: 2026-01-05 }]
policies:
  - id: everything
    steps: [{ notify: [{ channel: room }], wait: 5m }]
`);

function documentOf(text: string): PolicyDocument {
  const { document, problems } = parsePolicy(text);
  if (document === undefined) throw new Error(JSON.stringify(problems));
  return document;
}

const days = scheduleSchema.parse({
  id: 'days',
  time_zone: 'UTC',
  layers: [{ id: 'layer', people: ['ada'], starts: '2026-01-05' }],
});
const AT_MS = Date.UTC(2026, 1, 2, 12);
const override = {
  overrideId: 'one',
  scheduleId: 'days',
  kind: 'override' as const,
  people: ['ben', 'nobody'],
  fromMs: AT_MS,
  toMs: AT_MS + 1,
  createdAtMs: 0,
};
const schedule = (id: string): Target => ({ kind: 'schedule', schedule: id });
const chains = (target: Target, more: { urgency?: 'low'; overrides?: (typeof override)[] } = {}) => {
  const question = { version: 1 as const, targets: [target], urgency: more.urgency ?? ('high' as const), atMs: AT_MS };
  return targetsAt(DOCUMENT, { ...question, schedules: { days } }, more.overrides ?? [])[0]?.chains;
};

describe('a target stands for', () => {
  it.each([
    [
      'the contacts of a person, in their order',
      { kind: 'person', person: 'ada' },
      [['person:ada/chat', 'person:ada/mail']],
    ],
    ['a channel', { kind: 'channel', channel: 'room' }, [['channel:room']]],
    ['whoever is on call', schedule('days'), [['person:ada/chat', 'person:ada/mail']]],
    ['whoever is on call by a schedule that no step names', schedule('nights'), [['person:ben/mail']]],
    ['nobody when nobody knows the person', { kind: 'person', person: 'cleo' }, []],
    ['nobody when nobody knows the channel', { kind: 'channel', channel: 'cellar' }, []],
    ['nobody when nobody knows the schedule', schedule('weekends'), []],
  ] as const)('%s', (_, target, expected) => {
    expect(chains(target)).toEqual(expected);
  });

  it('other contacts for low urgency', () => {
    expect(chains({ kind: 'person', person: 'ada' }, { urgency: 'low' })).toEqual([['person:ada/mail']]);
  });

  it('whom an override names, as far as the policy knows them', () => {
    expect(chains(schedule('days'), { overrides: [override] })).toEqual([['person:ben/mail']]);
  });
});
