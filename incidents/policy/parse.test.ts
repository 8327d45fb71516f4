import { describe, expect, it } from 'vitest';
import { EXAMPLE_TEXT, exampleDocument } from '../../test/incidents/example-policy.ts';
import { parsePolicy } from './parse.ts';
import { policySchema } from './schema.ts';

const LEAST = `policies:
  - id: everything
    steps:
      - notify: [{ channel: room }]
        wait: 5m
`;

/** Problems as `line path message`. */
const problemsOf = (text: string): string[] =>
  parsePolicy(text).problems.map(({ line, path, message }) => `${line} ${path} ${message}`);

const inExample = (from: string | RegExp, to: string): string[] => {
  expect(EXAMPLE_TEXT).toMatch(from);
  return problemsOf(EXAMPLE_TEXT.replace(from, to));
};

const lineOf = (text: string): number => EXAMPLE_TEXT.slice(0, EXAMPLE_TEXT.indexOf(text)).split('\n').length;

describe('a policy file', () => {
  it('writes out what it leaves to the defaults', () => {
    expect(parsePolicy(LEAST)).toMatchObject({
      problems: [],
      document: {
        people: [],
        throttle: { messages: 5, per: '15m' },
        policies: [
          {
            matchers: [],
            urgency: { severity: { critical: 'high', warning: 'low', info: 'low' } },
            repeat: 2,
            hold: '5m',
            acknowledge_timeout: '30m',
            auto_resolve: 'never',
            status_update: 'never',
          },
        ],
      },
    });
  });

  it('parses to the same when what was parsed is parsed again', () => {
    const document = exampleDocument();
    expect(policySchema.parse(structuredClone(document))).toEqual(document);
    expect(JSON.parse(JSON.stringify(document))).toEqual(document);
  });

  it('may say one urgency for all severities', () => {
    const rule = '{ support_hours: office, inside: high, outside: { info: low } }';
    const { document } = parsePolicy(`${LEAST}    urgency: ${rule}\n`);
    expect(document?.policies[0]?.urgency).toEqual({
      support_hours: 'office',
      inside: { critical: 'high', warning: 'high', info: 'high' },
      outside: { critical: 'high', warning: 'low', info: 'low' },
      raise_at_start: true,
    });
  });

  it('may use an anchor again', () => {
    const text = `${LEAST}    hold: &short 1m\n  - { id: rest, hold: *short, steps: [{ notify: [{ channel: room }], wait: *short }] }\n`;
    expect(parsePolicy(text).document?.policies[1]).toMatchObject({ hold: '1m', steps: [{ wait: '1m' }] });
  });
});

describe('a problem of a policy file', () => {
  it('stands at the line of its value', () => {
    expect(inExample('wait: 10m }', 'wait: soon }')).toEqual([
      `${lineOf('wait: 10m }')} policies.0.steps.1.wait has to be a length of time such as 5m or 1h30m`,
    ]);
    expect(inExample('repeat: 3', 'repeat: 6')).toEqual([
      `${lineOf('repeat: 3')} policies.0.repeat has to be at most 5`,
    ]);
    expect(inExample('repeat: 3', 'repeat: 1.5')).toEqual([
      `${lineOf('repeat: 3')} policies.0.repeat has to be a whole number`,
    ]);
  });

  it('stands at what surrounds a value that is missing', () => {
    expect(inExample('    time_zone: America/New_York\n', '')).toEqual([
      `${lineOf('  - id: grace')} people.1.time_zone is missing`,
    ]);
    expect(problemsOf('people: []\n')).toEqual(['1 policies is missing']);
    expect(problemsOf('')).toEqual(['1  has to be a map of settings']);
  });

  it('stands at the name of a setting that nobody knows', () => {
    expect(inExample('repeat: 3', 'repeats: 3')).toEqual([
      `${lineOf('repeat: 3')} policies.0.repeats is no setting of the policy file`,
    ]);
  });

  it('says what is wrong with a person, a channel and hours', () => {
    expect(inExample('time_zone: America/New_York', 'time_zone: America/Gotham')[0]).toMatch(
      /people\.1\.time_zone has to be a time zone of the IANA database/,
    );
    expect(inExample('address: ada@example.com', 'address: ada')[0]).toMatch(
      /people\.0\.contacts\.1\.address has to be an e-mail/,
    );
    expect(inExample(', address: ada@example.com', '')[0]).toMatch(
      /people\.0\.contacts\.1 needs either address or address_variable/,
    );
    expect(inExample('kind: slack', 'kind: fax')[0]).toMatch(
      /channels\.0\.kind has to be one of email, slack, webhook/,
    );
    expect(inExample(/to: '17:30'/, "to: '25:00'")[0]).toMatch(/support_hours\.0\.to has to be a time of day/);
    expect(inExample('id: office', 'id: Office')[0]).toMatch(/support_hours\.0\.id has to be 1 to 63 of a-z/);
    expect(inExample('severity="critical"', 'severity')[0]).toMatch(/policies\.0\.matchers\.1 has to be a matcher/);
  });

  it('never repeats a value, which may be a secret in the wrong place', () => {
    const secret = 'https://hooks.example.com/T0/B0/verysecret';
    const problems = inExample('url_variable: ROOM_SLACK_URL', `url_variable: ${secret}`);
    expect(problems).toEqual([
      `${lineOf('ROOM_SLACK_URL')} channels.0.url_variable has to be the name of a variable of the environment, such as PAGER_URL, never its value`,
    ]);
    expect(problemsOf(LEAST.replace('[{ channel: room }]', secret)).join()).not.toContain('verysecret');
  });

  it('talks about the form of a choice that was meant', () => {
    expect(inExample('inside: { critical: high', 'inside: { critical: huge')).toEqual([
      `${lineOf('inside: { critical')} policies.1.urgency.inside.critical has to be one of high, low`,
    ]);
    expect(inExample('urgency: high', 'urgency: huge')[0]).toMatch(
      /policies\.0\.urgency has to be high, low, \{ severity/,
    );
    expect(inExample('[{ channel: room }], wait: 30m', '[{ team: room }], wait: 30m')[0]).toMatch(
      /policies\.1\.steps\.1\.notify\.0 has to be one of \{ person: … \}/,
    );
    expect(inExample('acknowledge_timeout: 1h', 'acknowledge_timeout: 1 hour')[0]).toMatch(
      /policies\.0\.acknowledge_timeout has to be a length of time such as 5m or 1h30m, or never/,
    );
  });

  it('refuses a condition that asks for nothing', () => {
    expect(inExample('when: { outside: office, open_at_least: 15m }', 'when: {}')[0]).toMatch(
      /policies\.0\.steps\.2\.when has to say on what it depends/,
    );
  });

  it('is found in what is no YAML', () => {
    expect(problemsOf('policies: [\n  {').at(-1)).toMatch(/^2 /);
    expect(parsePolicy('policies: []\npolicies: []\n').problems[0]).toMatchObject({ line: 2, severity: 'error' });
    expect(parsePolicy('policies: *nowhere\n').document).toBeUndefined();
    expect(parsePolicy('policies: *nowhere\n').problems).toHaveLength(1);
  });

  it('is found in aliases that would fill the memory', () => {
    const bomb = ['a: &a [1, 1, 1, 1, 1, 1, 1, 1, 1]'];
    for (const [name, of] of ['ba', 'cb', 'dc', 'ed', 'fe', 'gf', 'hg']) {
      bomb.push(`${name}: &${name} [${Array.from({ length: 9 }, () => `*${of}`).join(', ')}]`);
    }
    const { document, problems } = parsePolicy(bomb.join('\n'));
    expect(document).toBeUndefined();
    expect(problems).toMatchObject([{ severity: 'error' }]);
  });
});
