import { describe, expect, it } from 'vitest';
import { EXAMPLE_ENVIRONMENT, EXAMPLE_TEXT } from '../../test/incidents/example-policy.ts';
import { checkPolicy } from './check.ts';
import { parsePolicy } from './parse.ts';
import { problemText } from './problems.ts';

const NOW_MS = Date.parse('2026-11-26T08:00:00Z');

/** Problems as `severity path message`. */
function problemsOf(text: string, environment: Readonly<Record<string, string>> = EXAMPLE_ENVIRONMENT): string[] {
  const problems = checkPolicy(parsePolicy(text), { environment, nowMs: NOW_MS });
  return problems.map(({ severity, path, message }) => `${severity} ${path} ${message}`);
}

const inExample = (from: string | RegExp, to: string): string[] => {
  expect(EXAMPLE_TEXT).toMatch(from);
  return problemsOf(EXAMPLE_TEXT.replace(from, to));
};

it('finds nothing wrong with the example of the page', () => {
  expect(problemsOf(EXAMPLE_TEXT)).toEqual([]);
});

it('shows a problem so that an editor can jump to it', () => {
  const text = EXAMPLE_TEXT.replace('last_resort: list', 'last_resort: lists');
  const [problem] = checkPolicy(parsePolicy(text), { environment: EXAMPLE_ENVIRONMENT, nowMs: NOW_MS });
  const line = text.slice(0, text.indexOf('last_resort: lists')).split('\n').length;
  expect(problem && problemText('policy.yaml', problem)).toBe(
    `policy.yaml:${line}: error: policies.0.last_resort names the channel lists, which channels does not have`,
  );
});

describe('a reference', () => {
  it('leads to something', () => {
    expect(inExample('{ person: ada }', '{ person: alan }')).toEqual([
      'error policies.0.steps.1.notify.1.person is nobody of people',
    ]);
    expect(inExample('[{ schedule: primary }], wait: 15m', '[{ schedule: second }], wait: 15m')).toEqual([
      'error policies.1.steps.0.notify.0.schedule names second, which schedules does not have',
    ]);
    expect(inExample('[{ channel: room }], wait: 30m', '[{ channel: hall }], wait: 30m')).toEqual([
      'error policies.1.steps.1.notify.0.channel names hall, which channels does not have',
    ]);
    expect(inExample('outside: office', 'outside: shop')).toEqual([
      'error policies.0.steps.2.when.outside names shop, which support_hours does not have',
    ]);
    expect(inExample('support_hours: office', 'support_hours: shop')).toEqual([
      'error policies.1.urgency.support_hours names shop, which support_hours does not have',
    ]);
    expect(inExample('people: [ada, grace]', 'people: [ada, alan]')).toEqual([
      'error schedules.0.layers.0.people.1 is nobody of people',
    ]);
    expect(inExample('high: [pager, mail]', 'high: [pager, phone]')).toEqual([
      'error people.0.notify.high.1 is no contact of this person',
    ]);
  });

  it('stands once in a chain', () => {
    expect(inExample('high: [pager, mail]', 'high: [pager, pager]')).toEqual([
      'error people.0.notify.high.1 is in this chain already',
    ]);
  });
});

it('wants every id to belong to one thing', () => {
  expect(inExample('id: grace', 'id: ada')).toContain('error people.1.id is taken already');
  expect(inExample('id: list', 'id: room')).toContain('error channels.1.id is taken already');
  expect(inExample('id: everything', 'id: money')).toEqual(['error policies.1.id is taken already']);
  expect(inExample('name: nightly-import', 'name: watchdog')).toEqual(['error heartbeats.1.name is taken already']);
  expect(inExample('id: hook, kind', 'id: mail, kind')).toContain('error people.1.contacts.1.id is taken already');
});

describe('the policies', () => {
  const policy = (id: string, matchers: string): string =>
    `  - { id: ${id}, matchers: ${matchers}, urgency: low, steps: [{ notify: [{ channel: room }], wait: 5m }] }\n`;
  const withPolicies = (...policies: string[]): string[] =>
    problemsOf(EXAMPLE_TEXT.replace(/^policies:\n[\s\S]*?(?=^throttle)/m, `policies:\n${policies.join('')}\n`));

  it('take every alert', () => {
    expect(withPolicies(policy('one', '[a="b"]'), policy('other', '[a!="b"]'))).toEqual([
      'error policies needs a last one without matchers: nobody would hear of an alert that meets none',
    ]);
  });

  it('are all reached', () => {
    expect(withPolicies(policy('all', '[]'), policy('late', '[a="b"]'), policy('later', '[]'))).toEqual([
      'warning policies.1 is never used: all takes every alert that it would take',
      'warning policies.2 is never used: all takes every alert that it would take',
    ]);
    expect(withPolicies(policy('wide', '[a="b"]'), policy('narrow', '[c="d", a="b"]'), policy('all', '[]'))).toEqual([
      'warning policies.1 is never used: wide takes every alert that it would take',
    ]);
    expect(withPolicies(policy('narrow', '[c="d", a="b"]'), policy('wide', '[a="b"]'), policy('all', '[]'))).toEqual(
      [],
    );
  });

  it('have no steps that low urgency never reaches by itself', () => {
    const warning = 'is reached by hand only: low urgency does not escalate';
    expect(inExample('urgency: high', 'urgency: low')).toEqual([`warning policies.0.steps.2 ${warning}`]);
    expect(inExample(/urgency:\n {6}support_hours: .*\n.*\n.*\n/, 'urgency: low\n')).toEqual([]);
  });

  it('say who is told when nobody answers', () => {
    expect(inExample('    last_resort: list\n', '')).toEqual([
      'warning policies.0 has no last_resort: when nobody answers, only the metric and the timeline say so',
    ]);
  });
});

it('wants a way to every person', () => {
  expect(inExample('notify: { high: [hook, mail], low: [mail] }', 'notify: {}')).toEqual([
    'error people.1.notify.high needs a contact: a page would reach nobody',
    'warning people.1.notify.low has no contact: what is not urgent is not told',
  ]);
});

it('names the variables that are not set, and never what they hold', () => {
  const { ROOM_SLACK_URL, ...others } = EXAMPLE_ENVIRONMENT;
  expect(ROOM_SLACK_URL).not.toBe('');
  const missing = 'warning channels.0 needs the variable ROOM_SLACK_URL, which is not set here';
  expect(problemsOf(EXAMPLE_TEXT, others)).toEqual([missing]);
  expect(problemsOf(EXAMPLE_TEXT, { ...others, ROOM_SLACK_URL: '' })).toEqual([missing]);
  expect(problemsOf(EXAMPLE_TEXT, {})).toHaveLength(4);
});

describe('a schedule', () => {
  it('tells in which of the next days nobody is on call', () => {
    const restricted = 'rotation: weekly, restrictions: [{ from: "08:00", to: "20:00" }]';
    // 09:00 in Berlin: eleven hours of today are left, then fourteen nights of twelve hours.
    expect(inExample('rotation: weekly', restricted)).toEqual([
      'warning schedules.0 primary has nobody on call for 168 hours of the next 14 days, first at 2026-11-26 20:00 Europe/Berlin',
    ]);
  });

  it('counts the hour that a night loses in spring', () => {
    const text = EXAMPLE_TEXT.replace(
      'rotation: weekly',
      'rotation: weekly, restrictions: [{ from: "08:00", to: "20:00" }]',
    );
    const problems = checkPolicy(parsePolicy(text), {
      environment: EXAMPLE_ENVIRONMENT,
      nowMs: Date.parse('2026-03-20T12:00:00Z'),
    });
    expect(problems[0]?.message).toContain('167 hours of the next 14 days');
  });

  it('may be left to overrides and calendars', () => {
    expect(inExample(/ {4}layers:\n.*\n/, '')).toEqual([
      'warning schedules.0 primary has nobody on call for 336 hours of the next 14 days, first at 2026-11-26 09:00 Europe/Berlin',
    ]);
  });
});

it('names no person in a problem, for problems are logged', () => {
  const broken = EXAMPLE_TEXT.replace('people: [ada, grace]', 'people: [alan, grace]')
    .replace('{ person: ada }', '{ person: alan }')
    .replace('id: grace', 'id: ada')
    .replace('high: [hook, mail]', 'high: []');
  const problems = problemsOf(broken, {});
  expect(problems.length).toBeGreaterThan(4);
  expect(problems.join('\n')).not.toMatch(/alan|Ada|Grace|example\.com|\bada\b|\bgrace\b/);
});
